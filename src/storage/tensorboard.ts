/**
 * Scalars for TensorBoard: an event file of TFRecord frames around `Event` messages.
 *
 * @see https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
 * @module
 */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { RunError } from "../core/index.ts";
import { writeFailure } from "./files.ts";

/** CRC-32C (Castagnoli) of every byte, reflected polynomial 0x82f63b78. */
const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C of `bytes`, as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

/** TFRecord's masking, which keeps a CRC of data that holds CRCs well mixed. */
function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** `length, crc(length), data, crc(data)`, all little-endian. */
function frame(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + data.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

/** Event { wall_time = 1, step = 2 }, to be continued with its content. */
function startEvent(wallTime: number, step: number): BinaryWriter {
  return new BinaryWriter().tag(1, WireType.Bit64).double(wallTime).tag(2, WireType.Varint).int64(step);
}

/** A new file in `directory`, with a number at its name's end where two are made in one second. */
function createEventFile(directory: string, wallTime: number): { path: string; file: number } {
  const stem = `events.out.tfevents.${String(Math.floor(wallTime)).padStart(10, "0")}.${hostname()}.${process.pid}`;
  for (let serial = 0; ; serial++) {
    const path = join(directory, `${stem}.${serial}`);
    try {
      return { path, file: openSync(path, "wx") };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw writeFailure(path, error);
    }
  }
}

/**
 * Appends scalars to a new `events.out.tfevents.*` file. Every call writes its event to the file at once, so a run that is
 * killed loses nothing, and a run that is continued adds a file beside, which TensorBoard joins.
 *
 * @example
 * ```ts
 * const board = new TensorBoardWriter("runs/mnist");
 * board.scalar("loss/train", 0.25, 100);
 * board.close();
 * ```
 */
export class TensorBoardWriter {
  /** The file that is written. */
  readonly path: string;
  #file: number | undefined;

  /**
   * @param directory - folder of the run, created where it does not exist
   * @param wallTime - seconds since 1970, for the file's name and first event
   * @throws {RunError} where the file cannot be created
   */
  constructor(directory: string, wallTime = Date.now() / 1000) {
    try {
      mkdirSync(directory, { recursive: true });
    } catch (error) {
      throw writeFailure(directory, error);
    }
    const { path, file } = createEventFile(directory, wallTime);
    this.path = path;
    this.#file = file;
    this.#append(startEvent(wallTime, 0).tag(3, WireType.LengthDelimited).string("brain.Event:2"));
  }

  /**
   * Appends one value of the curve `tag`.
   *
   * @param tag - name of the curve; a part before `/` groups curves
   * @param value - kept as float32; NaN and infinities are allowed
   * @param step - whole number on the horizontal axis
   * @param wallTime - seconds since 1970; default now
   * @throws {RunError} where the file cannot be written, or is closed
   */
  scalar(tag: string, value: number, step: number, wallTime = Date.now() / 1000): void {
    // Event.summary = 5, Summary.value = 1, Value { tag = 1, simple_value = 2 }
    const event = startEvent(wallTime, step).tag(5, WireType.LengthDelimited).fork();
    event.tag(1, WireType.LengthDelimited).fork();
    event.tag(1, WireType.LengthDelimited).string(tag);
    event.tag(2, WireType.Bit32).float(Math.fround(value));
    this.#append(event.join().join());
  }

  /** Closes the file; a second call does nothing. */
  close(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
  }

  #append(event: BinaryWriter): void {
    if (this.#file === undefined) {
      throw new RunError({ where: this.path, expected: "an open event file", found: "a closed one" });
    }
    const record = frame(event.finish());
    try {
      for (let written = 0; written < record.length; ) written += writeSync(this.#file, record, written);
    } catch (error) {
      throw writeFailure(this.path, error);
    }
  }
}
