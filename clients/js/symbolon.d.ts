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
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
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

export interface Change {
  readonly signedIn: boolean;
  /**
   * Why the session was revoked or expired: the service's `reason` or `code`, such as `logout`,
   * `revoked_by_user`, `refresh_reused` or `refresh_missing` (the cookie expired or was deleted).
   * `null` when a user is signed in, and when no user was.
   */
  readonly reason: string | null;
}

export interface Options {
  /** The URL of the service. Defaults to the origin of the page. */
  baseUrl?: string;
  /** Other origins to which `fetch` sends the access token. List only your own resource servers. */
  origins?: readonly string[];
}

export interface Client {
  /** Adds a user, without signing them in. */
  register(account: { name: string; email: string; password: string }): Promise<User>;
  /** Signs in, in all tabs. Rejects with a {@link SymbolonError} if the service refuses. */
  login(credentials: { email: string; password: string }): Promise<void>;
  /** Signs out, in all tabs: revokes the session. */
  logout(): Promise<void>;
  /** The user who is signed in; `null` when signed out. */
  user(): Promise<User | null>;
  /** The user's live sessions, newest first. */
  sessions(): Promise<Session[]>;
  /** Revokes one of the user's sessions. To revoke the current one, use `logout`. */
  revokeSession(id: string): Promise<void>;
  /** Revokes all of the user's sessions except the current one, and returns how many. */
  revokeOtherSessions(): Promise<number>;
  /** Changes the password, which revokes the user's other sessions, and returns how many. */
  changePassword(current: string, next: string): Promise<number>;
  /** A valid access token, renewed first if it is about to expire; `null` when signed out. */
  token(): Promise<string | null>;
  /**
   * Like `token`, but always renews first. Call it after a sign-in without `login`, when a back
   * end of yours has set the cookie.
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
   * when the session ends. Returns a function that removes the listener.
   */
  onChange(listener: (change: Change) => void): () => void;
}

export function createClient(options?: Options): Client;
