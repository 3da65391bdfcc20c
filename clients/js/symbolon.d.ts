/** What the service refused. `code` is stable; all are listed at `/docs/problems` of a service. */
export class SymbolonError extends Error {
  readonly name: 'SymbolonError';
  /** The HTTP status. */
  readonly status: number;
  /** A stable word, as in `invalid_credentials`. */
  readonly code?: string;
  /** A few words for people. */
  readonly title?: string;
  /** What happened and what to do. */
  readonly detail?: string;
  /** Why a session ended, as in `reuse`, `logout`, `idle`. */
  readonly reason?: string;
  /** Which fields will not do, and why. */
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
  /** Whether it is this one. */
  readonly current: boolean;
  /** As in `Firefox on Linux`. */
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
   * Why a session ended: the service's `reason` or `code`, as in `logout`, `revoked_by_user`,
   * `refresh_reused`, `refresh_missing` (its cookie has run out, or was deleted); `null` when
   * somebody is signed in, and when nobody was.
   */
  readonly reason: string | null;
}

export interface Options {
  /** Where the service is; left out, where the page came from. */
  baseUrl?: string;
  /** Other origins that get the access token with `fetch`: your own resource servers, no others. */
  origins?: readonly string[];
}

export interface Client {
  /** Adds a user; they are not signed in by it. */
  register(account: { name: string; email: string; password: string }): Promise<User>;
  /** Signs in, here and in all other tabs. Rejects with a {@link SymbolonError}. */
  login(credentials: { email: string; password: string }): Promise<void>;
  /** Ends the session, here and in all other tabs. */
  logout(): Promise<void>;
  /** Who is signed in, if somebody is. */
  user(): Promise<User | null>;
  /** The user's live sessions, the newest first. */
  sessions(): Promise<Session[]>;
  /** Ends one of the user's sessions; to end this one there is `logout`. */
  endSession(id: string): Promise<void>;
  /** Ends all sessions of the user but this one, and says how many. */
  endOtherSessions(): Promise<number>;
  /** Changes the password, which ends the other sessions, and says how many. */
  changePassword(current: string, next: string): Promise<number>;
  /** An access token that is good for a while, renewed if need be; `null` when signed out. */
  token(): Promise<string | null>;
  /**
   * Renews at once, and is as `token` otherwise. Needed after a sign-in by other means than
   * `login`, when a back end of yours has set the cookie.
   */
  renew(): Promise<string | null>;
  /**
   * As the browser's `fetch`, with the access token for the service and {@link Options.origins}. A
   * token that was refused is renewed and the request sent once more, if it has no body, or one that
   * is a string or URLSearchParams, and the session is still the same.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /**
   * Calls back once it is known whether somebody is signed in (any call finds out), and whenever
   * that changes, in this tab or another: a sign-in, also as somebody else, or the end of the
   * session. Returns what stops it.
   */
  onChange(listener: (change: Change) => void): () => void;
}

export function createClient(options?: Options): Client;
