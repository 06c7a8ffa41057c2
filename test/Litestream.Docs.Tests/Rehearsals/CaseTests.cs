using Xunit.Abstractions;

namespace Litestream.Docs.Rehearsals;

/// <summary>Documents each of whose sections is a case of its own: it happens to the sample, and the commands are given as they stand there.</summary>
public sealed class CaseTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Cases()
    {
        TheoryData<string, string> cases = [];
        foreach (var document in new[] { "containers.md", "runbook.md" })
        {
            foreach (var title in new RehearsedDocument(document).Sections)
            {
                cases.Add(document, title);
            }
        }

        return cases;
    }

    [RehearsalTheory]
    [MemberData(nameof(Cases))]
    public async Task Every_case_goes_as_it_says(string document, string title)
    {
        var steps = new RehearsedDocument(document).Section(title);
        if (steps.Any(step => Bucket.IsNamedIn(step.Text)) && !Bucket.IsAvailable)
        {
            output.WriteLine("not rehearsed: it needs the server of S3_ENDPOINT");
            return;
        }

        using var rehearsal = new Rehearsal(output);
        Programs.AddTo(rehearsal);

        await rehearsal.RunAsync(steps);
    }
}
