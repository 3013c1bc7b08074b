/** Instances of the compiled module. */
import { compiledModule, rareModule } from "./compiled.ts";
import { type WideLoop, wideLoops } from "./wide/wide.ts";

/** What the VM exports; pointers are unsigned once `>>> 0` is applied. */
export interface VmExports {
  readonly memory: WebAssembly.Memory;
  /** Ends the opening of the module of rare functions. */
  rare_begin(): void;
  create(hashSeed: number, order: number, random: number, heapMax: number): number;
  io(length: number): number;
  out(): number;
  out_size(): number;
  compile(sourceLength: number, nameLength: number, binary: number): number;
  dump(ref: number): number;
  unref(ref: number): void;
  define_class(length: number): number;
  define_shape(length: number): number;
  define_module(length: number): number;
  define_globals(length: number): number;
  define_program(length: number): number;
  release_program(program: number): void;
  spawn(
    program: number,
    pid: number,
    host: number,
    node: number,
    args: number,
    guarded: number,
    limit: number,
  ): number;
  call_worker(slot: number, pid: number, host: number, args: number, guarded: number): number;
  replace(slot: number, program: number, args: number): number;
  kill(slot: number, error: number): number;
  mailbox_take(slot: number): number;
  run(turns: number): number;
  next_pid(): number;
  set_frame(slot: number, frame: number): void;
  open_program(program: number, id: number): void;
  open_host(open: number, id: number): void;
  adopt(slot: number): number;
  slot_of(pid: number): number;
  slots(): number;
  set_now(seconds: number): void;
  complete(slot: number, tag: number, length: number, raise: number): number;
  deliver(slot: number, topic: number, from: number, length: number): number;
  has_event(slot: number, topic: number): number;
  open_channel(slot: number, capacity: number): number;
  channel_send(slot: number, id: number, length: number, drop: number): number;
  channel_close(slot: number, id: number): void;
  channel_unread(slot: number, id: number): number;
  channel_clear(slot: number, id: number): void;
  channel_release(slot: number, id: number): void;
  string_push(length: number): number;
  arg_encode(i: number, mode: number, many: number): number;
  arg_userdata(i: number): number;
  json_arg(i: number): number;
  json_encode(length: number): number;
  json_decode(length: number): number;
  ids(): number;
  location(): number;
  tag_of_call(): number;
  keep_text(i: number, place: number): void;
  memory_of(slot: number): number;
  turns_of(slot: number): number;
  collector(pause: number, stepMultiplier: number, stepSize: number): void;
  info(slot: number): number;
  heap(): number;
  live(): number;
  ready(): number;
  gc(): void;
  set_budget(checks: number): void;
  end_evaluations(slot: number): number;
  lines_start(): void;
  lines_read(nameLength: number): number;
}

/** What the VM calls. */
export interface VmImports {
  native(
    index: number,
    args: number,
    count: number,
    slot: number,
    classId: number,
    id: number,
    text: number,
    list: number,
    items: number,
  ): number;
  exited(slot: number, ok: number, at: number, length: number): void;
  released(classId: number, id: number): void;
  exceeded(slot: number, bytes: number): void;
}

const BAD_DESCRIPTOR = 8;
const noDescriptor = (): number => BAD_DESCRIPTOR;
/** What the C library asks the system for. */
const SYSTEM = {
  clock_time_get: noDescriptor,
  fd_close: noDescriptor,
  fd_seek: noDescriptor,
  fd_write: noDescriptor,
};

/** A new instance. The system calls of the C library find no files, no arguments and no clock. */
export function instantiate(imports: VmImports): VmExports {
  let loops: readonly WideLoop[] | undefined;
  const given = {
    vm: {
      ...imports,
      wide: (loop: number, from: number, length: number, to: number): number => {
        loops ??= wideLoops(exports.memory);
        return loops[loop]?.(from, length, to) ?? 0;
      },
      // Functions that few programs run; see `scripts/split_wasm.ts`.
      rare: () => {
        new WebAssembly.Instance(rareModule(), { ...given, main: instance.exports });
        exports.rare_begin();
      },
    },
    wasi_snapshot_preview1: SYSTEM,
  };
  const instance = new WebAssembly.Instance(compiledModule(), given);
  const exports = instance.exports as unknown as VmExports;
  return exports;
}
