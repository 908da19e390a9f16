import 'server-only'
import type { NextAuthOptions } from 'next-auth'
import { decode } from 'next-auth/jwt'
import CredentialsProvider from 'next-auth/providers/credentials'
import { env } from '@/lib/server/env'
import { findStaff, openSession } from './flow-sign-in'
import { sessionHours, type StaffActor } from './rules'

const secure = () => env().NEXTAUTH_URL.startsWith('https:')
const cookieName = () => `${secure() ? '__Secure-' : ''}curtain_staff`

/** The token in the cookie holds a session's id and nothing else; every request asks the session's row. */
export function authOptions(): NextAuthOptions {
  return {
    secret: env().NEXTAUTH_SECRET,
    session: { strategy: 'jwt', maxAge: sessionHours * 3600 },
    useSecureCookies: secure(),
    cookies: {
      sessionToken: {
        name: cookieName(),
        options: { httpOnly: true, sameSite: 'lax', path: '/', secure: secure() },
      },
    },
    pages: { signIn: '/sign-in', error: '/sign-in' },
    logger: { error: () => undefined, warn: () => undefined, debug: () => undefined },
    providers: [
      CredentialsProvider({
        credentials: { proof: { type: 'text' } },
        // A proof is good once and for a minute; a password never comes here.
        async authorize(credentials, request) {
          const agent = String(request.headers?.['user-agent'] ?? '')
          const opened = await openSession(credentials?.proof ?? '', agent, new Date())
          return opened && { id: opened.sessionId }
        },
      }),
    ],
    callbacks: {
      jwt: ({ token, user }) => (user ? { sid: user.id } : { sid: token.sid }),
      session: ({ session }) => ({ expires: session.expires }),
      redirect: ({ baseUrl }) => baseUrl,
    },
  }
}

/** Who a request's cookies stand for, checked against the session's row; null for nobody. */
export async function resolveStaff(cookieHeader: string | null, now: Date): Promise<StaffActor | null> {
  const token = cookieHeader
    ?.split(/;\s*/)
    .find((pair) => pair.startsWith(`${cookieName()}=`))
    ?.slice(cookieName().length + 1)
  if (!token) return null
  const claims = await decode({ token: decodeURIComponent(token), secret: env().NEXTAUTH_SECRET }).catch(() => null)
  return typeof claims?.sid === 'string' ? findStaff(claims.sid, now) : null
}
