import { type Browser, chromium } from "playwright-core";

/**
 * Starts Debian's Chromium: with WebGPU by software, so that it is there without a graphics card, and with nothing that
 * calls home.
 */
export function launchChromium(): Promise<Browser> {
  const args = [
    "--no-sandbox",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return chromium.launch({ executablePath: "/usr/bin/chromium", args });
}
