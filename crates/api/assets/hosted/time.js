/** Times for people. */

import { lang, when } from './shared.js';

/** With the region that the browser prefers. */
export const locale = navigator.languages.find((tag) => tag.startsWith(lang)) ?? lang;

/** How long ago, or a date if it is long. */
export function ago(at) {
  const seconds = (new Date(at) - Date.now()) / 1000;
  if (seconds < -7 * 86400) return new Date(at).toLocaleDateString(locale, { dateStyle: 'medium' });
  return when(seconds > -60 ? 0 : seconds);
}
