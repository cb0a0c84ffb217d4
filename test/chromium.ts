import { type Browser, chromium } from "playwright-core";

/** WebGPU by software, so that it is there without a graphics card. */
const webgpuFlags = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

/** Starts Debian's Chromium, with nothing that calls home. */
export function launchChromium({ webgpu = true } = {}): Promise<Browser> {
  const args = [
    "--no-sandbox",
    ...(webgpu ? webgpuFlags : []),
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return chromium.launch({ executablePath: "/usr/bin/chromium", args });
}
