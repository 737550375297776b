import { build } from 'rolldown'

/**
 * A module and all that it imports as one script for a page; sources are taken as they are, nothing has to be built.
 * For `node`, packages are left to be found when it runs.
 */
export async function bundle(entry: string, platform: 'browser' | 'node' = 'browser'): Promise<string> {
  const { output } = await build({
    input: entry,
    write: false,
    platform,
    logLevel: 'silent',
    ...(platform === 'node' && { external: /^[^./]/ }),
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    transform: { define: { 'process.env.NODE_ENV': '"development"' } },
    output: { format: 'esm' },
  })
  return output[0].code
}
