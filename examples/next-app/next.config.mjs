export default {
  // It has native parts and opens a database: Node loads it from node_modules, and once for all bundles.
  serverExternalPackages: ['sallyport'],
  // This folder stands inside another project; yours does not need it.
  turbopack: { root: import.meta.dirname },
}
