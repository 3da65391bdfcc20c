import { folders, pages, symbolon } from './paths.mjs';

const any = (paths) => `(${paths.join('|').replaceAll('.', '\\.')})`;
const paths = `^/${any(pages)}(\\?|$)|^/${any(folders)}/`;

/** Passes Symbolon's paths on, with the address of the client. At another port, its pages would not work. */
export const beside = { port: 5173, strictPort: true, proxy: { [paths]: { target: symbolon, xfwd: true } } };
