using Litestream.Diagnostics;
using Litestream.Testing;
using Xunit.Abstractions;

namespace Litestream.Simulation;

/// <summary>
/// The simulation finds what it is there to find: each of the known mistakes, made again on purpose, by what holds for every
/// run and not by a check of its own.
/// </summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    public static TheoryData<string> Known() => [.. MutationSearch.All.Select(mutation => mutation.ToString())];

    [Theory]
    [MemberData(nameof(Known))]
    public void A_known_mistake_is_found(string name)
    {
        var found = MutationSearch.Find(Enum.Parse<Mutation>(name));

        found.Should().NotBeNull($"{MutationSearch.Budget} seeds must be enough");
        var line = $"{name,-26} found by seed {found!.Seed,3}: {found.Failure!.Split('\n')[0]}";
        output.WriteLine(line);
        Note(line);
        SimulationRun.Play(found.Seed).Failure.Should().BeNull("without the mistake the same seed must hold");
    }

    /// <summary>For the log of CI, in which tests that pass say nothing.</summary>
    private static void Note(string line)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            var folder = Directory.CreateDirectory(Repository.Combine("artifacts", "test-results"));
            File.AppendAllLines(Path.Combine(folder.FullName, "mutations.txt"), [line]);
        }
    }
}
