import { mustGetIdentity, requireAuth } from 'sallyport/next'
import { addNote, notesOf } from '../../../lib/notes'

export const GET = requireAuth()((request) => Response.json(notesOf(mustGetIdentity(request))))

export const POST = requireAuth()(async (request) => {
  addNote(mustGetIdentity(request), String(await request.text()))
  return new Response(null, { status: 201 })
})
