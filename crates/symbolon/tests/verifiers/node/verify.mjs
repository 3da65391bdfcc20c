// Prints, as JSON, what each library makes of an access token: the user's id, or why it refuses.
// Usage: node verify.mjs ISSUER TOKEN [SERVICE_KEY_NAME SERVICE_KEY]
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import fastifyJwt from '@fastify/jwt';
import express from 'express';
import { expressjwt } from 'express-jwt';
import { auth } from 'express-oauth2-jwt-bearer';
import fastify from 'fastify';
import buildGetJwks from 'get-jwks';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import jwksClient from 'jwks-rsa';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';

const [issuer, token, name, secret] = process.argv.slice(2);
const audience = issuer;
const algorithms = ['ES256', 'ES384', 'EdDSA', 'RS256'];
const jwksUri = `${issuer}/.well-known/jwks.json`;
const headers = { authorization: `Bearer ${token}` };
const verifiers = {};

verifiers.jose = async () => {
  const keys = createRemoteJWKSet(new URL(jwksUri));
  return (await jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms })).payload.sub;
};

verifiers.oauth4webapi = async () => {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const url = new URL(issuer);
  const server = await oauth.processDiscoveryResponse(
    url,
    await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure }),
  );
  const request = new Request('http://localhost/orders', { headers });
  const options = { signingAlgorithms: algorithms, ...insecure };
  return (await oauth.validateJwtAccessToken(server, request, audience, options)).sub;
};

// The libraries around jsonwebtoken do not check `typ`, so the function that finds the key does.
const keys = jwksClient({ jwksUri });
async function keyFor(header) {
  if (header?.typ !== 'at+jwt') throw new Error('not an access token');
  return (await keys.getSigningKey(header.kid)).getPublicKey();
}
const headerOf = (jwt) => jsonwebtoken.decode(jwt, { complete: true })?.header;

verifiers.jsonwebtoken = async () =>
  jsonwebtoken.verify(token, await keyFor(headerOf(token)), { algorithms, issuer, audience }).sub;

const app = express();
app.get(
  '/express-jwt',
  expressjwt({ secret: (_request, jwt) => keyFor(jwt?.header), algorithms, issuer, audience }),
  (request, response) => response.send(request.auth.sub),
);
app.get(
  '/express-oauth2-jwt-bearer',
  auth({ issuerBaseURL: issuer, audience, strict: true }),
  (request, response) => response.send(request.auth.payload.sub),
);
passport.use(
  new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: (_request, jwt, done) => keyFor(headerOf(jwt)).then((key) => done(null, key), done),
      algorithms,
      issuer,
      audience,
    },
    (claims, done) => done(null, claims.sub),
  ),
);
app.get(
  '/passport-jwt',
  passport.authenticate('jwt', { session: false, failWithError: true }),
  (request, response) => response.send(request.user),
);
app.use((error, _request, response, _next) => response.status(error.status ?? 500).send(error.message));
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');

for (const path of ['express-jwt', 'express-oauth2-jwt-bearer', 'passport-jwt']) {
  verifiers[path] = async () => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}/${path}`, { headers });
    const body = await response.text();
    if (!response.ok) throw new Error(body);
    return body;
  };
}

verifiers['@fastify/jwt'] = async () => {
  const jwks = buildGetJwks();
  const api = fastify();
  // Not `getPublicKey`, which cannot convert Ed25519 keys; and not the issuer that the token names.
  const key = async (_request, { header: { kid, alg } }) =>
    createPublicKey({ key: await jwks.getJwk({ domain: issuer, kid, alg }), format: 'jwk' })
      .export({ type: 'spki', format: 'pem' });
  const verify = { algorithms, allowedIss: issuer, allowedAud: audience, checkTyp: 'at+jwt' };
  await api.register(fastifyJwt, { secret: key, decode: { complete: true }, verify });
  api.get('/', async (request) => (await request.jwtVerify()).sub);
  const response = await api.inject({ url: '/', headers });
  if (response.statusCode !== 200) throw new Error(response.json().message);
  return response.body;
};

if (name) {
  const methods = { client_secret_basic: openid.ClientSecretBasic, client_secret_post: openid.ClientSecretPost };
  for (const [method, authentication] of Object.entries(methods)) {
    verifiers[`openid-client ${method}`] = async () => {
      const config = await openid.discovery(new URL(issuer), name, undefined, authentication(secret), {
        execute: [openid.allowInsecureRequests],
      });
      const answer = await openid.tokenIntrospection(config, token);
      if (!answer.active) throw new Error('not active');
      return answer.sub;
    };
  }
}

const results = {};
for (const [verifier, verify] of Object.entries(verifiers)) {
  results[verifier] = await verify().catch((error) => `refused: ${error.message}`);
}
console.log(JSON.stringify(results, null, 2));
server.close();
