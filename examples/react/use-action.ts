import { useCallback, useState } from 'react'
import { SallyportClientError } from 'sallyport/client'

/** Runs what a button asks for, one at a time. @returns the runner, whether it is under way, and what was refused */
export function useAction() {
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)

  const run = useCallback(async (work: () => Promise<unknown>): Promise<void> => {
    setBusy(true)
    setRefusal(null)
    try {
      await work()
    } catch (error) {
      if (!(error instanceof SallyportClientError)) throw error
      setRefusal(error.errors[0]?.message ?? error.detail)
    } finally {
      setBusy(false)
    }
  }, [])

  return { run, isBusy, refusal }
}
