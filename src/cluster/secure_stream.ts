/**
 * A stream between two nodes that have proved to each other that they know the cluster's secret.
 *
 *   dialer   -> magic(4) nonce(32)
 *   listener -> nonce(32) proof(32)
 *   dialer   -> proof(32)
 *   both     -> batch = length:u32le sealed(length)     AES-256-GCM, a key for each direction, a counter as nonce
 *   sealed   =  (length:u32le frame)*                   frames that were sent in one go
 *
 * S1. Before the other side's proof has been checked only byte counts and the proof are looked at; nothing is decoded.
 * S2. Proofs and keys depend on both nonces, on the role and on the purpose: none serves another stream, side or port.
 * S3. A batch that was changed, dropped, repeated or moved does not open, and closes the stream.
 * S4. A frame is at most `FRAME_BYTES_MAX` long; an unproved stream lives for at most `HANDSHAKE_MS`.
 */
import { CLUSTER_FRAME_BYTES_MAX, joinBytes } from "../core/mod.ts";
import type {
  Clock,
  Cryptography,
  NodeStream,
  NodeStreamHandlers,
  Random,
  TimerHandle,
} from "../ports/mod.ts";
import { ByteQueue } from "./byte_queue.ts";
import { deriveKey } from "./secret.ts";

const MAGIC = new TextEncoder().encode("WPN1");
const NONCE_BYTES = 32;
const PROOF_BYTES = 32;
const LENGTH_BYTES = 4;
const TAG_BYTES = 16;
const SEAL_NONCE_BYTES = 12;
/** Bytes of frames that go together at most. */
const BATCH_BYTES_MAX = 256 * 1024;
const NOTHING = new Uint8Array(0);

/** Time in which both sides must have proved themselves. */
export const HANDSHAKE_MS = 5_000;

/** What a secure stream needs. */
export interface SecureStreamParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly cryptography: Cryptography;
  readonly secret: Uint8Array;
}

/** How a secure stream is opened. */
export interface SecureStreamOptions extends SecureStreamParts {
  readonly side: "dialer" | "listener";
  /** What the stream is for; both sides must mean the same. */
  readonly purpose: string;
  /** Both sides have proved themselves: frames may be sent. */
  opened(stream: SecureStream): void;
  frame(data: Uint8Array, stream: SecureStream): void;
  /** Called once; `reason` is "" when the other side closed. */
  closed(reason: string): void;
}

type Phase = "hello" | "proof" | "open" | "closed";

/** A secure stream. Give it what arrives through `handlers`, and the stream to write to through `attach`. */
export class SecureStream {
  readonly handlers: NodeStreamHandlers = {
    data: (data) => this.#data(data),
    closed: () => this.#close(""),
  };
  readonly #options: SecureStreamOptions;
  readonly #incoming = new ByteQueue();
  readonly #nonce: Uint8Array;
  #timer: TimerHandle | undefined;
  #stream: NodeStream | undefined;
  #phase: Phase = "hello";
  #nonces: readonly Uint8Array[] = [];
  #sendKey: Uint8Array = NOTHING;
  #receiveKey: Uint8Array = NOTHING;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #sent = 0;
  #received = 0;

  constructor(options: SecureStreamOptions) {
    this.#options = options;
    this.#nonce = options.random.bytes(NONCE_BYTES);
  }

  /** Begins; the stream belongs to this object from now on. */
  attach(stream: NodeStream): void {
    this.#stream = stream;
    if (this.#phase === "closed") return stream.destroy();
    const late = (): void => this.#close("no proof in time");
    this.#timer = this.#options.clock.timer(HANDSHAKE_MS, late, { background: true });
    if (this.#options.side === "dialer") stream.write(joinBytes([MAGIC, this.#nonce]));
  }

  /** Sends a frame; nothing happens once the stream is closed. */
  send(data: Uint8Array): void {
    if (this.#phase !== "open") return;
    if (this.#batchBytes + data.length > BATCH_BYTES_MAX) this.#flush();
    const head = new Uint8Array(LENGTH_BYTES);
    new DataView(head.buffer).setUint32(0, data.length, true);
    this.#batch.push(head, data);
    this.#batchBytes += LENGTH_BYTES + data.length;
    // What is sent before this turn of the program ends goes together: sealing and writing cost more than the bytes.
    if (this.#batch.length === 2) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#batch.length === 0 || this.#phase !== "open") return;
    const sealed = this.#options.cryptography.seal("aes-gcm", joinBytes(this.#batch), {
      key: this.#sendKey,
      nonce: counterNonce(this.#sent++),
      associated: NOTHING,
    });
    this.#batch = [];
    this.#batchBytes = 0;
    const batch = new Uint8Array(LENGTH_BYTES + sealed.length);
    new DataView(batch.buffer).setUint32(0, sealed.length, true);
    batch.set(sealed, LENGTH_BYTES);
    this.#stream?.write(batch);
  }

  /** Bytes that wait for the other side. */
  get queuedBytes(): number {
    return this.#batchBytes + (this.#stream?.queuedBytes ?? 0);
  }

  /** Closes at once; `closed` is called. */
  destroy(reason: string): void {
    this.#close(reason);
  }

  #close(reason: string): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#timer?.cancel();
    this.#stream?.destroy();
    this.#options.closed(reason);
  }

  #data(data: Uint8Array): void {
    if (this.#phase === "closed") return;
    this.#incoming.push(data);
    while (this.#step());
  }

  /** Takes what the phase waits for; false when it has not come yet. */
  #step(): boolean {
    if (this.#phase === "closed") return false;
    if (this.#phase === "open") return this.#openBatch();
    const isDialer = this.#options.side === "dialer";
    if (this.#phase === "proof") {
      if (this.#incoming.length < PROOF_BYTES) return false;
      return this.#proved(this.#incoming.take(PROOF_BYTES), "dialer");
    }
    if (isDialer) {
      if (this.#incoming.length < NONCE_BYTES + PROOF_BYTES) return false;
      this.#nonces = [this.#nonce, this.#incoming.take(NONCE_BYTES).slice()];
      return this.#proved(this.#incoming.take(PROOF_BYTES), "listener");
    }
    if (this.#incoming.length < MAGIC.length) return false;
    if (!this.#options.cryptography.equal(this.#incoming.peek(MAGIC.length), MAGIC)) {
      this.#close("not a node of this protocol");
      return false;
    }
    if (this.#incoming.length < MAGIC.length + NONCE_BYTES) return false;
    this.#incoming.take(MAGIC.length);
    this.#nonces = [this.#incoming.take(NONCE_BYTES).slice(), this.#nonce];
    this.#stream?.write(joinBytes([this.#nonce, this.#key("listener")]));
    this.#phase = "proof";
    return true;
  }

  /** Checks the proof of the other side; a dialer answers with its own. */
  #proved(proof: Uint8Array, side: "dialer" | "listener"): boolean {
    if (!this.#options.cryptography.equal(proof, this.#key(side))) {
      this.#close("the other side does not know the secret");
      return false;
    }
    const isDialer = this.#options.side === "dialer";
    if (isDialer) this.#stream?.write(this.#key("dialer"));
    const [fromDialer, fromListener] = [
      this.#key("frames of the dialer"),
      this.#key("frames of the listener"),
    ];
    this.#sendKey = isDialer ? fromDialer : fromListener;
    this.#receiveKey = isDialer ? fromListener : fromDialer;
    this.#timer?.cancel();
    this.#phase = "open";
    this.#options.opened(this);
    return true;
  }

  #key(use: string): Uint8Array {
    const { cryptography, purpose, secret } = this.#options;
    return deriveKey(cryptography, secret, `${purpose}, ${use}`, this.#nonces);
  }

  #openBatch(): boolean {
    if (this.#incoming.length < LENGTH_BYTES) return false;
    const length = lengthAt(this.#incoming.peek(LENGTH_BYTES), 0);
    if (length < TAG_BYTES || length > CLUSTER_FRAME_BYTES_MAX + LENGTH_BYTES + TAG_BYTES) {
      this.#close("a frame of impossible length");
      return false;
    }
    if (this.#incoming.length < LENGTH_BYTES + length) return false;
    this.#incoming.take(LENGTH_BYTES);
    const batch = this.#options.cryptography.open("aes-gcm", this.#incoming.take(length), {
      key: this.#receiveKey,
      nonce: counterNonce(this.#received++),
      associated: NOTHING,
    });
    if (batch === undefined) {
      this.#close("a frame that was changed on its way");
      return false;
    }
    return this.#frames(batch);
  }

  #frames(batch: Uint8Array): boolean {
    let at = 0;
    while (at < batch.length) {
      const start = at + LENGTH_BYTES;
      const end = start <= batch.length ? start + lengthAt(batch, at) : Infinity;
      if (end > batch.length) {
        this.#close("a frame of impossible length");
        return false;
      }
      this.#options.frame(batch.subarray(start, end), this);
      if (this.#phase !== "open") return false;
      at = end;
    }
    return true;
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, LENGTH_BYTES).getUint32(0, true);
}

function counterNonce(count: number): Uint8Array {
  const nonce = new Uint8Array(SEAL_NONCE_BYTES);
  new DataView(nonce.buffer).setBigUint64(0, BigInt(count), true);
  return nonce;
}
