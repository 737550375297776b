'use client'

import { useEffect } from 'react'

/** Who comes back with a refresh cookie needs no password. Only the browser has it, so only the browser can try. */
export function RefreshFirst({ returnTo }: { readonly returnTo: string }) {
  useEffect(() => {
    fetch('/auth/refresh', { method: 'POST' }).then((answer) => {
      if (answer.ok) location.replace(returnTo)
    })
  }, [returnTo])
  return null
}
