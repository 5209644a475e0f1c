import type { Session } from './dialect.js';

/** Another session of the server, as far as ours may see it. */
export interface OtherSession {
  /** As `ServerInfo.sessionId`. */
  readonly id: string;
  readonly user: string | null;
  /** Address of its client. */
  readonly client: string | null;
  /** `active`, `idle in transaction`, `sleep`, … */
  readonly state: string | null;
  /** Whole seconds in this state. */
  readonly stateSeconds: number | null;
  /** When it was opened: ISO 8601, UTC, by the server's clock. */
  readonly since: string | null;
}

/** What is asked of a server by commands that look into it, in its own words. Loaded on first use; never writes. */
export interface Inspector {
  /** Who holds the lock of `Session.tryLock(key)`; undefined when nobody does, or where sessions hold no locks. */
  lockHolder(session: Session, key: string): Promise<OtherSession | undefined>;
}
