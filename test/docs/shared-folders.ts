/** Folders that pages take for granted: page -> name in the page -> folder of the shared data. */
export const sharedFolders: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "docs/tutorials/generative-retrieval.md": { beauty: "amazon-beauty" },
  "docs/tutorials/word-translation.md": { captions: "image-pivot-en-de" },
};
