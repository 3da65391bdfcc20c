import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { symbolon } from '../../../paths.mjs';

const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', symbolon));
/** The public URL of Symbolon, which is that of this application. */
const issuer = process.env.PUBLIC_URL ?? 'http://localhost:3000';

/** A call of the application's own API: it verifies the access token offline. */
export async function GET(request: Request) {
  const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '') ?? [];
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer, audience: issuer, typ: 'at+jwt', algorithms: ['ES256'],
    });
    return new Response(`The API knows you as ${payload.sub}.`);
  } catch (error) {
    // Without the keys, nothing can be said about the token.
    const refused = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout);
    return new Response(null, refused
      ? { status: 401, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } }
      : { status: 503 });
  }
}
