import { Problem } from "../../problem.tsx";
import { useData } from "../../use-data.ts";
import type { RoomPanel } from "../panels.ts";
import type { Overview } from "./answers.ts";
import { type AlignmentRecord, Diagnosis } from "./diagnosis.tsx";
import { LookUp } from "./look-up.tsx";
import { TakeAway } from "./take-away.tsx";

/** A dictionary: words looked up, how far to trust it, and files of it. */
const TranslatePanel: RoomPanel = ({ run }) => {
  const path = `/api/translate/${encodeURIComponent(run.summary.id)}`;
  const { data, error } = useData<Overview>(`${path}/overview`);
  if (error) return <Problem text={error} />;
  if (!data) return <p class="wait">Reading the dictionary …</p>;
  return (
    <>
      <LookUp path={path} overview={data} />
      <Diagnosis record={run.record as unknown as AlignmentRecord} overview={data} />
      <TakeAway path={path} />
    </>
  );
};
export default TranslatePanel;
