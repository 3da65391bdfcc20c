import { folders, pages, symbolon } from '../paths.mjs';

const rewrite = (path) => ({ source: `/${path}`, destination: `${symbolon}/${path}` });

export default {
  // The recipe for React is outside of this folder.
  experimental: { externalDir: true },
  outputFileTracingRoot: new URL('..', import.meta.url).pathname,
  poweredByHeader: false,
  rewrites: () => [...pages, ...folders.map((folder) => `${folder}/:path*`)].map(rewrite),
};
