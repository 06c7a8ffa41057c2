namespace Litestream.Crash.Durability;

/// <summary>
/// What a power cut could take back, by the system calls that were made: a name is durable once its folder has been synced
/// behind it, and content once its file has been synced behind the last write.
/// </summary>
internal sealed class DurabilityAudit(IReadOnlyList<SystemCall> calls)
{
    public IReadOnlyList<SystemCall> Calls => calls;

    /// <summary>The moments at which the program said something that begins so.</summary>
    public IReadOnlyList<SystemCall> Saying(string text) =>
        [.. calls.Where(call => call.Name == "write" && call.Arguments.Contains($", \"{text}", StringComparison.Ordinal))];

    /// <summary>What was given a name below a folder before a moment, and may not be there after a power cut, with the reason.</summary>
    /// <param name="root">The folder; its own name counts too.</param>
    /// <param name="moment">A call that relies on it.</param>
    public IReadOnlyList<string> AtRisk(string root, SystemCall moment) =>
        [.. Names(root, moment).SelectMany(pair => Risks(pair.Key, pair.Value, moment))];

    /// <summary>Whether the content of a file is on the disk at a moment.</summary>
    public bool IsSynced(string file, SystemCall moment)
    {
        var write = calls.LastOrDefault(call => call.IsWrite && call.Handle == file && call.Start < moment.Start);
        return write is null || Synced(file, after: write.End, before: moment.Start);
    }

    /// <summary>Whether a folder was synced between two moments.</summary>
    public bool Synced(string path, int after, int before) =>
        calls.Any(call => call.IsSync && call.Handle == path && call.Start > after && call.End < before);

    /// <summary>The names that there are at a moment, each with the call that gave it first.</summary>
    public IReadOnlyDictionary<string, SystemCall> Names(string root, SystemCall moment)
    {
        var names = new Dictionary<string, SystemCall>();
        foreach (var call in calls.Where(call => call.End < moment.Start))
        {
            if (call.Removed is { } removed)
            {
                names.Remove(removed);
            }

            if (call.Named is { } name && (name == root || name.StartsWith(root + "/", StringComparison.Ordinal)) && !IsTemporary(name))
            {
                // A file that is opened again has its name already; one that is renamed over another has it anew.
                if (call.Name != "openat" || !names.ContainsKey(name))
                {
                    names[name] = call;
                }
            }
        }

        return names;
    }

    private static bool IsTemporary(string name) =>
        name.EndsWith(".tmp", StringComparison.Ordinal) || name.EndsWith(".spool", StringComparison.Ordinal) || name.Contains(".tmp-", StringComparison.Ordinal);

    private IEnumerable<string> Risks(string name, SystemCall naming, SystemCall moment)
    {
        if (!Synced(Path.GetDirectoryName(name)!, naming.End, moment.Start))
        {
            yield return $"{name}: its folder was not synced after {naming.Name}";
        }

        if (naming.Source is { } source)
        {
            // An object that was spooled is moved twice, and is synced under the second of its three names.
            string[] earlier = [.. Earlier(source, naming)];
            var write = calls.LastOrDefault(call => call.IsWrite && earlier.Contains(call.Handle) && call.Start < naming.Start);
            if (write is null)
            {
                yield return $"{name}: nobody was seen writing to {source}";
            }
            else if (!Array.Exists(earlier, path => Synced(path, write.End, naming.Start)))
            {
                yield return $"{name}: {source} was not synced between its last write and {naming.Name}";
            }
        }
    }

    private IEnumerable<string> Earlier(string name, SystemCall until)
    {
        yield return name;
        while (calls.LastOrDefault(call => call.Named == name && call.Source is not null && call.End < until.Start) is { Source: { } source } move)
        {
            (name, until) = (source, move);
            yield return name;
        }
    }
}
