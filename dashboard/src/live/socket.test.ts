import { beforeEach, describe, expect, test } from "vitest";
import { frame } from "../testing/samples";
import { ManualTimers } from "../testing/timers";
import type { Connection } from "./connection";
import { EventSocket, HELLO_MS, type Line, SILENCE_MS } from "./socket";

class FakeLine implements Line {
  onopen: Line["onopen"] = null;
  onmessage: Line["onmessage"] = null;
  onclose: Line["onclose"] = null;
  sent: string[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
  }
  say(message: object): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(message) }));
  }
  greet(cursor: string): void {
    this.onopen?.(new Event("open"));
    this.say({ kind: "hello", cursor });
  }
  break(): void {
    this.onclose?.(new Event("close") as CloseEvent);
  }
}

class World {
  readonly timers = new ManualTimers();
  readonly lines: FakeLine[] = [];
  readonly told: string[] = [];
  connection: Connection = { phase: "connecting" };
  head = async () => "e:7";
  loggedIn = true;
  readonly socket = new EventSocket(
    {
      open: () => {
        const line = new FakeLine();
        this.lines.push(line);
        return line;
      },
      head: () => this.head(),
      loggedIn: async () => this.loggedIn,
      now: () => this.timers.now(),
      random: () => 0.5,
      later: (run, ms) => this.timers.later(run, ms),
    },
    {
      connection: (connection) => {
        this.connection = connection;
      },
      placed: () => this.told.push("placed"),
      hello: (again) => this.told.push(again ? "hello again" : "hello"),
      frame: ({ pos }) => this.told.push(`frame ${pos}`),
      heartbeat: () => this.told.push("heartbeat"),
      reset: () => this.told.push("reset"),
      loggedOut: () => this.told.push("logged out"),
    },
  );

  get line(): FakeLine {
    const last = this.lines.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  }

  async live(): Promise<void> {
    this.socket.start();
    await this.settle();
    this.line.greet("e:7");
  }

  async wait(ms: number): Promise<void> {
    this.timers.advance(ms);
    await this.settle();
  }
}

let world: World;

beforeEach(() => {
  world = new World();
});

describe("the events socket", () => {
  test("asks where the log stands before it subscribes from there", async () => {
    await world.live();
    expect(world.told).toEqual(["placed", "hello"]);
    expect(JSON.parse(world.line.sent[0] ?? "")).toEqual({ subscribe: ["*"], after: "e:7" });
    expect(world.connection).toEqual({ phase: "live" });
  });

  test("resumes after the last frame it saw", async () => {
    await world.live();
    world.line.say({ kind: "frame", ...frame({ pos: 12 }) });
    world.line.break();
    expect(world.connection).toEqual({ phase: "waiting", since: 0, retryAt: 500 });
    await world.wait(500);
    expect(world.connection.phase).toBe("trying");
    world.line.greet("e:12");
    expect(JSON.parse(world.line.sent[0] ?? "").after).toBe("e:12");
    expect(world.told).toEqual(["placed", "hello", "frame 12", "hello again"]);
    expect(world.connection).toEqual({ phase: "live" });
  });

  test("waits twice as long each time, up to ten seconds", async () => {
    await world.live();
    const waits: number[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      world.line.break();
      if (world.connection.phase !== "waiting") throw new Error(world.connection.phase);
      const wait = world.connection.retryAt - world.timers.now();
      waits.push(wait);
      await world.wait(wait);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(world.connection).toMatchObject({ phase: "trying", since: 0 });
  });

  test("comes back at once when the person is back", async () => {
    await world.live();
    world.line.break();
    world.socket.retryNow();
    await world.settle();
    expect(world.lines).toHaveLength(2);
    world.socket.retryNow();
    await world.settle();
    expect(world.lines).toHaveLength(2);
  });

  test("takes a silent line for a dead one", async () => {
    await world.live();
    await world.wait(SILENCE_MS - 1);
    world.line.say({ kind: "heartbeat", cursor: "e:9" });
    await world.wait(SILENCE_MS - 1);
    expect(world.connection.phase).toBe("live");
    const line = world.line;
    await world.wait(1);
    expect(line.closed).toBe(true);
    expect(world.connection.phase).toBe("waiting");
  });

  test("does not wait for ever for a greeting", async () => {
    world.socket.start();
    await world.settle();
    await world.wait(HELLO_MS);
    expect(world.connection.phase).toBe("waiting");
  });

  test("says when everything must be read again, and goes on from there", async () => {
    await world.live();
    world.line.say({ kind: "reset", cursor: "f:3" });
    world.line.break();
    await world.wait(500);
    world.line.onopen?.(new Event("open"));
    expect(JSON.parse(world.line.sent[0] ?? "").after).toBe("f:3");
    expect(world.told).toContain("reset");
  });

  test("tries again when the server does not even say where it stands", async () => {
    world.head = () => Promise.reject(new Error("no answer"));
    world.socket.start();
    await world.settle();
    expect(world.connection.phase).toBe("waiting");
    world.head = async () => "e:1";
    await world.wait(500);
    world.line.greet("e:1");
    expect(world.told).toEqual(["placed", "hello"]);
  });

  test("asks for a login when the server knows the browser no longer", async () => {
    await world.live();
    world.line.break();
    await world.wait(500);
    world.loggedIn = false;
    world.line.break();
    await world.settle();
    expect(world.told.at(-1)).toBe("logged out");
    await world.wait(60_000);
    expect(world.lines).toHaveLength(2);
  });

  test("stays silent after it was stopped", async () => {
    await world.live();
    world.socket.stop();
    expect(world.line.closed).toBe(true);
    await world.wait(60_000);
    expect(world.lines).toHaveLength(1);
  });
});
