/**
 * Loads a package on first use. A package that is not there is named together with the command that installs it, as for
 * one that a bundler or a slimmed image has left out.
 * @param name as npm knows it
 * @param purpose who needs it, as the subject of a sentence: `Redis`
 * @param load the import itself, which stays visible to bundlers that way
 * @throws Error with that command; whatever else goes wrong is passed on
 */
export async function loadPackage<Module>(name: string, purpose: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    if (!isAbsent(error, name)) throw error
    throw new Error(`${purpose} needs the package ${name}, which is not installed: npm install ${name}`, {
      cause: error,
    })
  }
}

/** A package that is there and misses another one is broken, which this command would not mend. */
function isAbsent(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes(`package '${name}'`)
  )
}
