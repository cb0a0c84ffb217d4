import type { Page } from "playwright-core";

/** Sets what is trained, by keyboard where it is a slider. */
export async function choose(page: Page, device: "wasm" | "webgpu", epochs: number): Promise<void> {
  await page.getByLabel("Device").selectOption(device);
  await page.getByLabel(/^Epochs/).fill(`${epochs}`);
}

/** Waits for the end of training. */
export const trained = (page: Page, timeout = 120_000) =>
  page.waitForFunction(() => /^Trained/.test(document.querySelector(".live-status")?.textContent ?? ""), undefined, {
    timeout,
  });
