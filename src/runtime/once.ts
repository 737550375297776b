/** What `make` gives, made at the first call. */
export function once<Made extends object>(make: () => Made): () => Made {
  let made: Made | null = null
  return () => {
    made ??= make()
    return made
  }
}
