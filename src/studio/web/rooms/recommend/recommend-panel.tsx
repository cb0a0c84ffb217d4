import { useState } from "preact/hooks";
import type { RoomPanel } from "../panels.ts";
import type { ShownItem } from "./answers.ts";
import { IdStatistics, type IdStatisticsReport } from "./id-statistics.tsx";
import { IdTree } from "./id-tree.tsx";
import { NextItemsPanel } from "./next-items.tsx";

/** A recommender: what comes next and how it was searched for, the tree of IDs, and what the IDs are like. */
const RecommendPanel: RoomPanel = ({ run }) => {
  const { summary, report, record } = run;
  const [history, setHistory] = useState<readonly ShownItem[]>([]);
  if (summary.state !== "finished") {
    return <p class="empty">What it recommends can be tried once its training has ended.</p>;
  }
  const path = `/api/recommend/${encodeURIComponent(summary.id)}`;
  const { codebookSize } = record.config as { readonly codebookSize: number };
  return (
    <>
      <NextItemsPanel path={path} history={history} onHistory={setHistory} />
      <IdTree path={path} onAdd={(item) => setHistory([...history, item])} />
      <IdStatistics ids={report.ids as IdStatisticsReport} codebookSize={codebookSize} />
    </>
  );
};
export default RecommendPanel;
