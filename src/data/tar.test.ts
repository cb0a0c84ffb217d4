import { describe, expect, it } from "vitest";
import { encodeTar } from "../../test/encode-tar.ts";
import { readTar } from "./tar.ts";

describe("readTar", () => {
  const archive = encodeTar({ "folder/a.bin": "first", "folder/b.bin": "x".repeat(600), empty: "" });

  it("gives the regular files by their names", () => {
    const files = readTar(archive, "a.tar");
    expect([...files].map(([name, bytes]) => [name, String(Buffer.from(bytes))])).toEqual([
      ["a.bin", "first"],
      ["b.bin", "x".repeat(600)],
      ["empty", ""],
    ]);
  });

  it("refuses a damaged header and an archive cut short", () => {
    const damaged = Uint8Array.from(archive);
    damaged[513] = 1;
    expect(() => readTar(damaged, "a.tar")).toThrow("a.tar: expected a tar header at byte 512, found a wrong checksum");
    expect(() => readTar(archive.subarray(0, 2100), "a.tar")).toThrow(
      "a.tar: expected 600 bytes for folder/b.bin, found 52",
    );
  });
});
