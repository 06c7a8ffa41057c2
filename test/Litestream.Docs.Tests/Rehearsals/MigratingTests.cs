using Xunit.Abstractions;

namespace Litestream.Docs.Rehearsals;

/// <summary>docs/migrating.md, with the real litestream.</summary>
public sealed class MigratingTests(ITestOutputHelper output)
{
    [RehearsalFact(Litestream = true)]
    public async Task Both_ways_go_as_they_say()
    {
        using var rehearsal = new Rehearsal(output);
        Programs.AddTo(rehearsal);

        await rehearsal.RunAsync(new RehearsedDocument("migrating.md").All);
    }
}
