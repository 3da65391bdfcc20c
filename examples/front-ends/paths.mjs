/** Where Symbolon listens. Its public URL is that of the application. */
export const symbolon = process.env.SYMBOLON ?? 'http://localhost:8000';

/** The paths of Symbolon beside the application's. */
export const pages = [
  'sign-in', 'register', 'account', 'forgot-password', 'reset-password', 'verify-email', 'undo-email-change',
  'invitation', 'continue', 'playground', 'symbolon.js', 'redoc',
];
export const folders = ['api', 'hosted', 'docs', '.well-known'];
