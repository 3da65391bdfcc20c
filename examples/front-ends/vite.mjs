import { folders, pages, symbolon } from './paths.mjs';

const paths = `^/(${pages.join('|').replace('.', '\\.')})(\\?|$)|^/(${folders.join('|')})/`;

/** Passes Symbolon's paths on, with the address of the client. */
export const beside = { port: 5173, proxy: { [paths]: { target: symbolon, xfwd: true } } };
