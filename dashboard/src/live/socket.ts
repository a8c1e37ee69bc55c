import type { Frame, Message } from "../api/types";
import { cursorText, parseCursor } from "../lib/cursor";
import type { Connection } from "./connection";

export const FIRST_RETRY_MS = 500;
export const LAST_RETRY_MS = 10_000;
/** The server beats every 15 s: two missed beats and the line is dead. */
export const SILENCE_MS = 35_000;
export const HELLO_MS = 6_000;

/** The part of a WebSocket that is used. */
export interface Line {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(text: string): void;
  close(): void;
}

/** Everything outside, so that tests need no server and no waiting. */
export interface Ports {
  open(): Line;
  /** The newest cursor; throws when the server does not answer. */
  head(): Promise<string>;
  /** Asked after a failed attempt: is this browser still logged in? Throws when unknown. */
  loggedIn(): Promise<boolean>;
  now(): number;
  random(): number;
  later(run: () => void, ms: number): () => void;
}

export interface Listener {
  connection(connection: Connection): void;
  /** The place in the log is known: what is read from now on misses nothing. */
  placed(): void;
  /** Connected; `again`: after a loss. */
  hello(again: boolean): void;
  frame(frame: Frame): void;
  heartbeat(): void;
  /** The server no longer holds what was missed: read everything. */
  reset(): void;
  loggedOut(): void;
}

/** One socket to the log: resumes by cursor, comes back by itself. */
export class EventSocket {
  private line: Line | null = null;
  private cursor = "";
  private tries = 0;
  private since: number | null = null;
  private greeted = false;
  private stopped = true;
  private trying = false;
  private disarm: () => void = () => {};

  constructor(
    private readonly ports: Ports,
    private readonly listener: Listener,
  ) {}

  start(): void {
    this.stopped = false;
    this.listener.connection({ phase: "connecting" });
    void this.attempt();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
  }

  /** Do not wait for the next try: the network or the person is back. */
  retryNow(): void {
    if (this.stopped || this.trying || this.line) return;
    this.disarm();
    void this.attempt();
  }

  private async attempt(): Promise<void> {
    this.trying = true;
    if (this.since !== null) this.listener.connection({ phase: "trying", since: this.since });
    try {
      if (!this.cursor) this.keep(await this.ports.head());
    } catch {
      return this.lost();
    }
    this.trying = false;
    if (!this.stopped) this.connect();
  }

  private connect(): void {
    const line = this.ports.open();
    this.line = line;
    let greeted = false;
    line.onopen = () => line.send(JSON.stringify({ subscribe: ["*"], after: this.cursor }));
    line.onmessage = (event) => {
      const message = JSON.parse(String(event.data)) as Message;
      if (message.kind === "hello") greeted = true;
      this.take(message);
    };
    line.onclose = () => this.lost();
    this.arm(() => {
      if (!greeted) this.lost();
    }, HELLO_MS);
  }

  private take(message: Message): void {
    this.arm(() => this.lost(), SILENCE_MS);
    switch (message.kind) {
      case "frame":
        this.keep(cursorText({ ...parseCursor(this.cursor), pos: message.pos }));
        this.listener.frame(message);
        break;
      case "hello":
        this.welcome();
        break;
      case "heartbeat":
        this.keep(message.cursor);
        this.listener.heartbeat();
        break;
      case "reset":
        this.keep(message.cursor);
        this.listener.reset();
        break;
      case "problem":
        this.lost();
    }
  }

  private welcome(): void {
    const again = this.greeted;
    this.greeted = true;
    this.tries = 0;
    this.since = null;
    this.listener.connection({ phase: "live" });
    this.listener.hello(again);
  }

  private keep(cursor: string): void {
    if (!this.cursor) this.listener.placed();
    this.cursor = cursor;
  }

  private lost(): void {
    this.trying = false;
    this.drop();
    if (this.stopped) return;
    this.since ??= this.ports.now();
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.tries);
    // Half of it at random: many pages do not come back in the same moment.
    const ms = wait * (0.75 + 0.5 * this.ports.random());
    this.tries += 1;
    const retryAt = this.ports.now() + ms;
    this.listener.connection({ phase: "waiting", since: this.since, retryAt });
    this.arm(() => void this.attempt(), ms);
    if (this.tries > 1) void this.askWhy();
  }

  /** A refused socket does not say why: ask whether the login is over. */
  private async askWhy(): Promise<void> {
    try {
      if (await this.ports.loggedIn()) return;
    } catch {
      return;
    }
    this.stop();
    this.listener.loggedOut();
  }

  private drop(): void {
    this.disarm();
    const line = this.line;
    this.line = null;
    if (!line) return;
    line.onopen = null;
    line.onmessage = null;
    line.onclose = null;
    line.close();
  }

  private arm(run: () => void, ms: number): void {
    this.disarm();
    this.disarm = this.ports.later(run, ms);
  }
}
