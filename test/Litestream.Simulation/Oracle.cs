using System.Security.Cryptography;

namespace Litestream.Simulation;

/// <summary>Remembers every state that the databases of a run were in, and what was said about them.</summary>
internal sealed class Oracle
{
    private readonly Dictionary<string, State> _states = new(StringComparer.Ordinal);
    private readonly Dictionary<ReplicationPosition, HashSet<string>> _known = [];

    private readonly Dictionary<(string Generation, int Index), long> _captured = [];

    /// <summary>What was said to be restorable.</summary>
    public List<Acknowledgement> Acknowledgements { get; } = [];

    public int States => _states.Count;

    /// <summary>Bytes of WAL in all generations. Of an index that two writers have had, the longer one's.</summary>
    public long CapturedBytes => _captured.Values.Sum();

    public int Generations => _captured.Keys.DistinctBy(index => index.Generation).Count();

    /// <summary>Bytes of the largest that the database was.</summary>
    public long LargestImage { get; private set; }

    public static string HashOf(ReadOnlySpan<byte> image) => Convert.ToHexStringLower(SHA256.HashData(image));

    /// <summary>The state with this image; a new one if there was none like it.</summary>
    public State Note(ReadOnlySpan<byte> image)
    {
        LargestImage = Math.Max(LargestImage, image.Length);
        var hash = HashOf(image);
        return _states.TryGetValue(hash, out var state) ? state : _states[hash] = new State(_states.Count, hash);
    }

    /// <summary>The state with this hash, if there ever was one.</summary>
    public State? Find(string hash) => _states.GetValueOrDefault(hash);

    /// <summary>So much of an index was captured.</summary>
    public void Captured(string generation, int index, long length) =>
        _captured[(generation, index)] = Math.Max(length, _captured.GetValueOrDefault((generation, index)));

    /// <summary>What a position is. Two writers of one generation may each have one of their own.</summary>
    public void Know(ReplicationPosition position, State state)
    {
        if (!_known.TryGetValue(position, out var hashes))
        {
            _known[position] = hashes = new HashSet<string>(StringComparer.Ordinal);
        }

        hashes.Add(state.Hash);
    }

    /// <summary>False if it is known what a position is, and it is not this.</summary>
    public bool MayBe(ReplicationPosition position, string hash) => !_known.TryGetValue(position, out var hashes) || hashes.Contains(hash);
}
