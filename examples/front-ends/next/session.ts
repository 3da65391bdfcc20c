import { headers } from 'next/headers';
import { symbolon } from '../paths.mjs';

/**
 * The id of the user whose browser asks for this page; `null` if nobody is signed in, `undefined` if that
 * cannot be found out now. It asks Symbolon, so the end of a session counts at once. For pages only: a route that
 * changes something verifies an access token.
 */
export async function signedInUser(): Promise<string | null | undefined> {
  const cookie = (await headers()).get('cookie');
  if (!cookie) return null;
  try {
    const response = await fetch(`${symbolon}/api/verify/browser`, {
      headers: { cookie, 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/' },
      cache: 'no-store',
      redirect: 'manual',
    });
    if (response.status === 401) return null;
    return response.headers.get('x-user-id') ?? undefined;
  } catch {
    return undefined;
  }
}
