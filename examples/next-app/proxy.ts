import { NextResponse } from 'next/server'
import { guardPages } from 'sallyport/next'

/** The first door: it sends strangers to the sign-in page, and renews the cookie of who is about to expire. */
export const proxy = guardPages(NextResponse, { signIn: '/sign-in' })

export const config = { matcher: ['/dashboard/:path*'] }
