/**
 * The browser client for Symbolon, for Chrome 85, Edge 85, Firefox 79, Safari 14 (macOS and iOS) and newer.
 *
 * A call that the service refuses rejects with a {@link SymbolonError}, one without an answer as the
 * browser's `fetch` does. Results have the names of the service's JSON.
 */

/** An error response of the service. A service lists all values of `code` at `/docs/problems`. */
export class SymbolonError extends Error {
  readonly name: 'SymbolonError';
  /** The HTTP status. */
  readonly status: number;
  /** A stable error code, such as `invalid_credentials`. */
  readonly code?: string;
  /** A short summary for people. */
  readonly title?: string;
  /** What happened and what to do. */
  readonly detail?: string;
  /** Why a session was revoked or expired, such as `reuse`, `logout` or `idle`. */
  readonly reason?: string;
  /** The fields that failed validation, and why. */
  readonly errors?: readonly { readonly field: string; readonly detail: string }[];
  /** After how many seconds to try again: the `Retry-After` header of a 429 or 503. */
  readonly retryAfter?: number;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** Whether the user has proven that they receive mail at `email`. */
  readonly email_verified: boolean;
  /** A new address that takes effect once the user has confirmed it. */
  readonly pending_email?: string;
  /** The language of mails to the user, such as `en`. */
  readonly locale?: string;
}

/** One sign-in on one device. Times are RFC 3339. */
export interface Session {
  readonly id: string;
  /** Whether this is the caller's session. */
  readonly current: boolean;
  /** For example `Firefox on Linux`. */
  readonly label?: string;
  readonly ip?: string;
  readonly user_agent?: string;
  readonly created_at: string;
  readonly renewed_at: string;
  readonly idle_expires_at: string;
  readonly expires_at: string;
}

/** Something that happened to the account, such as a sign-in or a refused attempt. */
export interface AccountEvent {
  readonly id: string;
  /** When (RFC 3339). */
  readonly at: string;
  /** What, such as `sign_in` or `password_changed`. */
  readonly kind: string;
  readonly outcome: 'done' | 'refused';
  /** The id of the session. */
  readonly session?: string;
  readonly ip?: string;
  readonly user_agent?: string;
  /** Who did it, such as `user:ID` or `system`. */
  readonly actor?: string;
  /** Why, such as `wrong_password`. */
  readonly reason?: string;
  /** What else it is about. */
  readonly subject?: string;
}

/** What a mailed link is for. */
export interface Link {
  readonly kind: 'verify_email' | 'change_email' | 'reset_password' | 'sign_in' | 'invitation' | 'undo_email_change';
  readonly email: string;
  readonly name?: string;
  /** Where to send the user afterwards. */
  readonly return_to?: string;
  /**
   * For `sign_in`, `verify_email` and `change_email`, in another browser than the one that asked for the
   * link: show this code, which the user types there.
   */
  readonly code?: string;
  /** RFC 3339. */
  readonly expires_at: string;
}

export interface Change {
  readonly signedIn: boolean;
  /**
   * Why the session was revoked or expired: the service's `reason` or `code`, such as `logout`,
   * `revoked_by_user`, `refresh_reused` or `refresh_missing` (the cookie expired or was deleted), or
   * `account_deleted`. `null` when a user is signed in, and when no user was.
   */
  readonly reason: string | null;
}

/** A {@link Change}, or `signedIn: undefined` until it is known whether a user is signed in. */
export type State = Change | { readonly signedIn: undefined; readonly reason: null };

export interface Options {
  /**
   * The URL of the service. Defaults to the origin of the page. Where there is no page (on a server), an
   * absolute URL is required.
   */
  baseUrl?: string;
  /** Other origins to which `fetch` sends the access token. List only your own resource servers. */
  origins?: readonly string[];
  /**
   * Set this if you know that no user is signed in, for example because your server received no cookie.
   * The client then starts signed out, without a request to find out, and learns of a sign-in in another
   * tab as usual. If a user is signed in after all, call `renew`.
   */
  anonymous?: boolean;
}

export interface MailOptions {
  /** The URL to which the user returns after following the mailed link. */
  returnTo?: string | undefined;
}

export interface Client {
  /**
   * Whether a user is signed in, as far as is known without a request. The same object until it
   * changes.
   */
  readonly state: State;

  /**
   * Adds a user, without signing them in. `return_to` is the URL to which the user returns after
   * following the link in the mail that confirms the address.
   */
  register(account: { name: string; email: string; password: string; return_to?: string }): Promise<User>;
  /** Accepts the invitation of a mailed link: adds the user, without signing them in. */
  acceptInvitation(invitation: { token: string; name: string; password: string }): Promise<User>;

  /**
   * Signs in, in all tabs. Rejects with `email_unverified` if the service requires a verified address:
   * a new mail was sent; call `verifyEmail`, then sign in again.
   */
  login(credentials: { email: string; password: string }): Promise<void>;
  /**
   * Mails a code and a link for signing in without the password. Resolves even if no user has this
   * address. Rejects with `not_found` if the service does not offer this.
   */
  sendLoginCode(email: string, options?: MailOptions): Promise<void>;
  /**
   * Signs in with a mailed code or link, in all tabs, in the browser that asked for it. In another
   * browser, a link rejects with `other_browser`; `readLink` then returns a code to type there.
   */
  loginWithCode(proof: { code: string } | { token: string }): Promise<void>;
  /** Signs out, in all tabs: revokes the session. */
  logout(): Promise<void>;
  /** Deletes the user's account and signs out, in all tabs, with the reason `account_deleted`. */
  deleteAccount(password: string): Promise<void>;

  /** The user who is signed in; `null` when signed out. */
  user(): Promise<User | null>;
  /**
   * Changes the given fields. A new address requires the password. If it must be confirmed first, it is
   * the `pending_email` of the returned user until `verifyEmail` has confirmed it.
   */
  updateProfile(changes: { name?: string; locale?: string; email?: string; password?: string }): Promise<User>;
  /** The user's live sessions, newest first. */
  sessions(): Promise<Session[]>;
  /** Revokes one of the user's sessions. To revoke the current one, use `logout`. */
  revokeSession(id: string): Promise<void>;
  /** Revokes all of the user's sessions except the current one, and returns how many. */
  revokeOtherSessions(): Promise<number>;
  /** What happened to the account, newest first. If there is more, pass `next` as `before`. */
  events(options?: { before?: string | undefined }): Promise<{ events: AccountEvent[]; next?: string }>;

  /** Changes the password, which revokes the user's other sessions, and returns how many. */
  changePassword(current: string, next: string): Promise<number>;
  /**
   * Mails a code and a link for choosing a new password. Resolves even if no user has this address.
   */
  forgotPassword(email: string, options?: MailOptions): Promise<void>;
  /**
   * Sets a new password with a mailed link, or with a mailed code in the browser that asked for it. This
   * revokes all sessions of the user; returns how many. Nobody is signed in.
   */
  resetPassword(reset: { token: string; password: string } | { email: string; code: string; password: string }): Promise<number>;

  /** Mails the user who is signed in a code and a link for confirming their address. */
  sendVerification(): Promise<void>;
  /**
   * Confirms an address, also a new one, with a mailed link or code. A code alone is for the address of
   * the user who is signed in. With `email`, or a link, nobody needs to be signed in, but the browser must
   * be the one that asked; otherwise a link rejects with `other_browser`.
   */
  verifyEmail(proof: { token: string } | { code: string } | { email: string; code: string }): Promise<{ email: string; email_verified: true }>;
  /**
   * Restores the previous address with a mailed link. This signs the user out everywhere, and mails a
   * link for choosing a new password.
   */
  undoEmailChange(token: string): Promise<{ email: string }>;
  /**
   * What the token of a mailed link is for, without using it. Show this, and use the link only when the
   * user has pressed a button: programs that scan mail open links too.
   */
  readLink(token: string): Promise<Link>;

  /** A valid access token, renewed first if it is about to expire; `null` when signed out. */
  token(): Promise<string | null>;
  /**
   * Like `token`, but always renews first. Call it after a sign-in without `login` or `loginWithCode`,
   * when a back end of yours has set the cookie.
   */
  renew(): Promise<string | null>;
  /**
   * Like the browser's `fetch`, but adds the access token to requests to the service and to
   * {@link Options.origins}. If the response is 401, the token is renewed and the request is sent
   * once more, provided that the session is still the same and the request has no body or one that
   * is a string or URLSearchParams.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /**
   * Calls `listener` once it is known whether a user is signed in (any call determines this), and
   * whenever that changes, in this tab or another: on a sign-in, including as another user, and
   * when the session ends. If it is known already, the listener is called right after the current
   * code. Returns a function that removes the listener.
   */
  onChange(listener: (change: Change) => void): () => void;
}

/** Throws a `TypeError` if `baseUrl` is not absolute and there is no page to resolve it against. */
export function createClient(options?: Options): Client;
