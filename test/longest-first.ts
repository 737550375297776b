import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take a minute or so: begun last, one of them would run alone on one core. */
const LONG = ['test/fuzz/fuzz-', 'test/faults/', 'test/cluster/mode-switch', 'test/interleavings/']

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((name) => moduleId.includes(name))
      return place === -1 ? LONG.length : place
    }
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other))
  }
}
