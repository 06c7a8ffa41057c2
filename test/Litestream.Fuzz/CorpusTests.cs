using Litestream.Testing;

namespace Litestream.Fuzz;

/// <summary>What the fuzzer found worth keeping, and what failed once.</summary>
public sealed class CorpusTests
{
    public static TheoryData<string> Targets => new(FuzzTarget.All.Select(target => target.Name));

    [Theory]
    [MemberData(nameof(Targets))]
    public void What_the_fuzzer_found_is_understood_or_refused(string name)
    {
        var target = FuzzTarget.Find(name)!;
        var folder = Repository.Combine("test", "Litestream.Fuzz", "Corpus", name);
        var kept = Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).ToList() : [];
        foreach (var input in target.Seeds())
        {
            target.Run(input);
        }

        foreach (var file in kept)
        {
            var run = () => target.Run(File.ReadAllBytes(file));
            run.Should().NotThrow("of Corpus/{0}/{1}", name, Path.GetFileName(file));
        }
    }
}
