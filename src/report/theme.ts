/**
 * Colours and fonts of everything Tenfold shows in a browser, light and dark as the reader's system is. In each theme the eight colours of series lie at least 0.1 apart in OKLab for normal vision and as people with
 * protanopia, deuteranopia and tritanopia see them (Machado 2009), and have a contrast of at least 3 to the page.
 */
export const theme = `
:root {
  color-scheme: light;
  --paper: #fffefb; --ink: #1d1f23; --soft: #5b6068; --line: #dcd9d2; --shade: #f5f3ee;
  --good: #1b6e4b; --bad: #b3261e; --bad-shade: #fdf0ee; --reference: #6a6f78;
  --series-1: #2438a8; --series-2: #b8360a; --series-3: #43876f; --series-4: #761757;
  --series-5: #a59212; --series-6: #1a99d6; --series-7: #8a3ee6; --series-8: #3a1a10;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Book Antiqua", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --paper: #16181c; --ink: #e7e5e0; --soft: #a2a6ae; --line: #343840; --shade: #1e2126;
    --good: #6fcf9f; --bad: #ff8f85; --bad-shade: #33201f; --reference: #969ca6;
    --series-1: #7a8cff; --series-2: #f56f1e; --series-3: #6ee0a8; --series-4: #ae6c9c;
    --series-5: #f5e63c; --series-6: #b8f3f8; --series-7: #c4befd; --series-8: #aea190;
  }
}
`;
