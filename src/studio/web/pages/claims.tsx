import { useData } from "../use-data.ts";

/** A claim as the API tells it, its figures drawn. */
interface ShownClaim {
  readonly id: string;
  readonly statement: string;
  readonly source: string;
  readonly paper: string;
  readonly window: string;
  readonly found: string | null;
  readonly error: string | null;
  readonly status: "holds" | "does not hold" | "failed";
  readonly repeat: string;
  readonly figures: readonly string[];
}

/** What was measured of a room's paper in the newest report under the folder. */
export function Claims({ room, command }: { readonly room: string; readonly command: string }) {
  const { data } = useData<{
    report: string | null;
    paper: string | null;
    summary: string | null;
    claims: ShownClaim[];
  }>(`/api/rooms/${room}/claims`);
  if (!data) return null;
  return (
    <section aria-labelledby="claims">
      <h2 id="claims">What the paper claims, and what was found</h2>
      {data.report === null ? (
        <p>
          Not measured yet. <code>tenfold reproduce --only {command} --out runs/claims</code> measures it and draws the
          figures here.
        </p>
      ) : (
        <>
          <p class="paper">{data.paper}</p>
          <ol class="claims">
            {data.claims.map((claim) => (
              <li key={claim.id} class={claim.status === "holds" ? "holds" : "differs"}>
                <p>
                  <span class="id">{claim.id}</span> {claim.statement} <span class="note">{claim.source}</span>
                </p>
                <dl>
                  <div>
                    <dt>Paper</dt>
                    <dd>{claim.paper}</dd>
                  </div>
                  <div>
                    <dt>Found</dt>
                    <dd>
                      <strong>{claim.found ?? claim.error}</strong>
                    </dd>
                  </div>
                  <div>
                    <dt>Window</dt>
                    <dd>{claim.window}</dd>
                  </div>
                  <div>
                    <dt>Verdict</dt>
                    <dd class="verdict">
                      <span aria-hidden="true">{claim.status === "holds" ? "✓ " : "✗ "}</span>
                      {claim.status}
                    </dd>
                  </div>
                </dl>
                <p class="note">
                  Repeat: <code>{claim.repeat}</code>
                </p>
              </li>
            ))}
          </ol>
          {data.claims.some(({ figures }) => figures.length > 0) && (
            <div
              class="figures"
              dangerouslySetInnerHTML={{ __html: data.claims.flatMap(({ figures }) => figures).join("") }}
            />
          )}
        </>
      )}
    </section>
  );
}
