/** Polls until the condition holds; fails the test's own way when it never does. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  // Long, because a machine that is busy with other things is no failure.
  for (const began = performance.now(); performance.now() - began < 30_000; ) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`still not: ${condition}`);
}
