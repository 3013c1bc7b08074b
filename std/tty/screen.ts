/**
 * A terminal in raw mode, and who hears of its events.
 *
 * S1. Whatever ends the process that started it, the terminal is given back as it was.
 * S2. Every subscriber gets the `start` event once, first.
 */
import type { FedChannel } from "../../src/lua/mod.ts";
import type { Terminal } from "../../src/ports/mod.ts";
import { type InputEvent, InputParser } from "./input.ts";

const READ_BYTES = 64 * 1024;
const FALLBACK = { width: 80, height: 24 };
const ENABLED = "\x1b[?2004h\x1b[?1004h";
const DISABLED = "\x1b[?1004l\x1b[?2004l";
const MOUSE_ON = "\x1b[?1003h\x1b[?1006h";
const MOUSE_OFF = "\x1b[?1006l\x1b[?1003l";

/** The screens in use. */
const screens = new WeakMap<Terminal, Screen>();

/** The screen of a terminal. */
export function screenOf(terminal: Terminal): Screen {
  let screen = screens.get(terminal);
  if (screen === undefined) screens.set(terminal, screen = new Screen(terminal));
  return screen;
}

/** One terminal. */
export class Screen {
  readonly #terminal: Terminal;
  #run: { isOver: boolean; stopResize: () => void } | undefined;
  #isMouseOn = false;
  /** Subscribers and whether they had their start event. */
  readonly #subscribers = new Map<FedChannel, boolean>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Enters raw mode and begins to read. Nothing happens when it has begun. */
  start(): void {
    if (this.#run !== undefined) return;
    this.#terminal.setRaw(true);
    this.#terminal.write(ENABLED + (this.#isMouseOn ? MOUSE_ON : ""));
    const stopResize = this.#terminal.onResize(() => this.#send({ type: "resize", ...this.#size() }));
    const run = this.#run = { isOver: false, stopResize };
    for (const channel of this.#subscribers.keys()) this.#greet(channel);
    void this.#read(run);
  }

  /** Gives the terminal back and closes the channels. */
  stop(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    run.isOver = true;
    run.stopResize();
    this.#terminal.write((this.#isMouseOn ? MOUSE_OFF : "") + DISABLED);
    this.#isMouseOn = false;
    this.#terminal.setRaw(false);
    for (const channel of this.#subscribers.keys()) channel.close();
    this.#subscribers.clear();
  }

  /** Sends events to a channel until the terminal is given back. */
  subscribe(channel: FedChannel): void {
    this.#subscribers.set(channel, false);
    if (this.#run !== undefined) this.#greet(channel);
  }

  forget(channel: FedChannel): void {
    this.#subscribers.delete(channel);
  }

  /** Turns mouse events on or off, now or with the next start. */
  setMouse(isOn: boolean): void {
    if (isOn === this.#isMouseOn) return;
    this.#isMouseOn = isOn;
    if (this.#run !== undefined) this.#terminal.write(isOn ? MOUSE_ON : MOUSE_OFF);
  }

  #size(): { width: number; height: number } {
    return this.#terminal.size() ?? FALLBACK;
  }

  #greet(channel: FedChannel): void {
    if (this.#subscribers.get(channel) === true) return;
    this.#subscribers.set(channel, true);
    channel.send({ type: "start", ...this.#size() });
  }

  #send(event: InputEvent): void {
    for (const channel of this.#subscribers.keys()) channel.send(event);
  }

  async #read(run: { isOver: boolean }): Promise<void> {
    const parser = new InputParser();
    try {
      for (;;) {
        const data = await this.#terminal.read(READ_BYTES);
        // What came after the end belongs to whoever reads next.
        if (run.isOver) return data === null ? undefined : this.#terminal.unread(data);
        if (data === null) return this.stop();
        for (const event of parser.parse(data)) this.#send(event);
      }
    } catch {
      // Input that can't be read any more has ended.
      if (!run.isOver) this.stop();
    }
  }
}
