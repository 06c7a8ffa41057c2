namespace Litestream.Simulation;

/// <summary>What was done and compared in one run, or in many.</summary>
public sealed record Tally
{
    public int Seeds { get; set; }

    public int Commits { get; set; }

    public int Captures { get; set; }

    public int WorkerPasses { get; set; }

    public int Starts { get; set; }

    public int Deaths { get; set; }

    public int Faults { get; set; }

    /// <summary>Requests to delete, of retention.</summary>
    public int Deletions { get; set; }

    /// <summary>Verifications that were done, and how many of them found a difference.</summary>
    public int Verifications { get; set; }

    public int Differences { get; set; }

    /// <summary>Restores whose result was compared with a state that the database was in.</summary>
    public int Compares { get; set; }

    public void Add(Tally other)
    {
        Seeds += other.Seeds;
        Commits += other.Commits;
        Captures += other.Captures;
        WorkerPasses += other.WorkerPasses;
        Starts += other.Starts;
        Deaths += other.Deaths;
        Faults += other.Faults;
        Deletions += other.Deletions;
        Verifications += other.Verifications;
        Differences += other.Differences;
        Compares += other.Compares;
    }

    public override string ToString() =>
        $"{Seeds} seeds, {Commits} states, {Captures} captures, {WorkerPasses} worker passes, {Starts} starts, {Deaths} deaths, {Faults} faults, {Deletions} deletions, {Verifications} verifications of which {Differences} found a difference, {Compares} restores compared";
}
