// The npm package jose as a peer: reads requests as lines of JSON, and answers each with one line.

import { randomBytes, webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// jose expects a global `crypto`, which Node 18 does not define.
globalThis.crypto ??= webcrypto;
const jose = await import("jose");
const { version } = createRequire(import.meta.url)("jose/package.json");

const DO = {
  /** A private key as a JWK; for asymmetric keys also both PEM forms and the thumbprint. */
  async generate({ alg }) {
    if (alg.startsWith("HS")) {
      const k = randomBytes(Number(alg.slice(2)) / 8).toString("base64url");
      return { jwk: { kty: "oct", k } };
    }
    const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true });
    const jwk = await jose.exportJWK(privateKey);
    return {
      jwk,
      pkcs8: await jose.exportPKCS8(privateKey),
      spki: await jose.exportSPKI(publicKey),
      thumbprint: await jose.calculateJwkThumbprint(jwk),
    };
  },

  async sign({ alg, jwk, header, claims }) {
    const key = await jose.importJWK(jwk, alg);
    return { token: await new jose.SignJWT(claims).setProtectedHeader({ ...header, alg }).sign(key) };
  },

  async verify({ alg, jwk, token, issuer, audience }) {
    const key = await jose.importJWK(jwk, alg);
    try {
      const { payload, protectedHeader } = await jose.jwtVerify(token, key, {
        algorithms: [alg],
        issuer,
        audience,
        requiredClaims: ["exp", "iat"],
      });
      return { header: protectedHeader, claims: payload };
    } catch (error) {
      return { refused: error.code ?? error.message };
    }
  },
};

console.log(JSON.stringify({ peer: `jose ${version}` }));
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  console.log(JSON.stringify(await DO[request.do](request)));
}
