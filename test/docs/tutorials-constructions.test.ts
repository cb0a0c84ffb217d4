import { describeRuns } from "./describe-pages.ts";
import { tutorials } from "./tutorials.ts";

describeRuns(tutorials.constructions);
