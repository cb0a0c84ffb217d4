import { expect, test } from "vitest";
import { meanInterval } from "./index.ts";

test("Student's interval, by hand", () => {
  // Of 1, 2, 3 the standard deviation is 1; t with 2 degrees of freedom is 4.303.
  expect(meanInterval([1, 2, 3])).toEqual({ mean: 2, half: expect.closeTo(4.303 / Math.sqrt(3), 9) });
  expect(meanInterval([5])).toEqual({ mean: 5, half: 0 });
  expect(meanInterval([1, 1, 1, 1]).half).toBe(0);
  const many = Array.from({ length: 100 }, (_, i) => i % 2);
  expect(meanInterval(many).half).toBeCloseTo(2 * Math.sqrt(0.25 / 99), 9);
});
