import { expect, it } from 'vitest'
import { referencePages } from '../../scripts/reference-pages.js'
import { projectRoot } from './source-tree.js'

it('every public name says what it is for', () => {
  const { names } = referencePages(projectRoot)
  expect(names.length).toBeGreaterThan(200)
  expect(names.filter(({ isDocumented }) => !isDocumented).map(({ name }) => name)).toEqual([])
})
