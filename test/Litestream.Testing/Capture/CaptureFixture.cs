using Litestream.Shadow;
using Litestream.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Testing.Capture;

/// <summary>
/// The capture of one database, step by step, and the proof that what it has captured is the database. Everything that the
/// engine does with a <see cref="WalSync"/> over its life can be done here: stop, be killed, hand over.
/// </summary>
internal sealed class CaptureFixture(string path, WalSyncSettings? settings = null, TimeProvider? time = null) : IDisposable
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly List<GenerationReason> _reasons = [];
    private WalSync? _sync;
    private string? _known;

    public WalSyncSettings Settings { get; } = settings ?? new WalSyncSettings { CheckpointInterval = TimeSpan.Zero };

    public string MetaPath { get; } = MetaDirectory.DefaultPath(path);

    public MetaDirectory Meta { get; private set; } = new(MetaDirectory.DefaultPath(path), path);

    public ShadowWal Shadow { get; private set; } = null!;

    public ReadMarks Marks { get; private set; } = null!;

    public WalSync Sync => _sync ?? throw new InvalidOperationException("The capture is not open.");

    public bool IsOpen => _sync is not null;

    /// <summary>What the shadow amounts to.</summary>
    public ShadowImage Image { get; } = new();

    /// <summary>Why each generation started, in order.</summary>
    public IReadOnlyList<GenerationReason> Reasons => _reasons;

    public string Generation => Sync.State!.Generation;

    public int Index => Sync.State!.Index;

    /// <summary>Starts from what lies on the disk, as a new process does.</summary>
    public CaptureFixture Start(GenerationReason? restart = null)
    {
        Meta = new MetaDirectory(MetaPath, path);
        Meta.Create();
        Shadow = new ShadowWal(Meta);
        Marks = new ReadMarks(() => DatabaseReader.Connect(path));
        _sync = new WalSync(path, Meta, Shadow, Marks, held: null, Settings, _time, NullLogger.Instance);
        Sync.Open(restart);
        Note();
        return this;
    }

    /// <summary>One pass.</summary>
    public WalPass RunOnce()
    {
        var pass = Sync.RunOnce();
        Note();
        return pass;
    }

    /// <summary>Ends as a host does that lets go of everything.</summary>
    public void Stop()
    {
        Sync.Flush();
        Kill();
    }

    /// <summary>Ends without a word, as when the process is killed: nothing is written, the locks are gone.</summary>
    public void Kill()
    {
        _sync?.Dispose();
        _sync = null;
    }

    /// <summary>Ends with the mark still held, and a later host of the same process takes over.</summary>
    public void HandOver()
    {
        Sync.Flush();
        var held = Sync.Detach();
        _sync = new WalSync(path, Meta, held.Shadow, held.Marks, held, Settings, _time, NullLogger.Instance);
        Sync.Open();
        Note();
    }

    /// <summary>Takes the base image anew.</summary>
    public void Rebase()
    {
        using var image = Sync.OpenImage(DatabaseReader.Connect(path));
        Image.Rebase(image, Shadow.Find(image.Position.Generation, image.Position.Index)?.Header);
    }

    /// <summary>
    /// One pass beside a reader that stands still: the shadow, replayed to exactly where the reader stands, is what the
    /// reader sees, byte by byte.
    /// </summary>
    public WalPass Compare()
    {
        using var reader = new DatabaseReader(path);
        return Compare(reader) ?? throw new InvalidOperationException("SQLite does not say where the reader stands.");
    }

    /// <summary>The same with a reader that is kept; null if where it stood could not be said.</summary>
    public WalPass? Compare(DatabaseReader reader)
    {
        var before = Shadow.Head!.Position;
        if (before.Generation != Image.Position.Generation)
        {
            Rebase();
            before = Shadow.Head!.Position;
        }

        byte[] expected;
        WalIndexHeader at;
        WalPass pass;
        if (reader.Begin() is not { } header)
        {
            reader.End();
            return null;
        }

        try
        {
            at = header;
            pass = RunOnce();
            expected = reader.Read();
        }
        finally
        {
            reader.End();
        }

        if (Generation != before.Generation)
        {
            Rebase();
            return pass;
        }

        Image.ReplayTo(Shadow, ShadowImage.Locate(Shadow, at, before));
        DemandEqual(expected, at);
        return pass;
    }

    public void Dispose() => Kill();

    private void DemandEqual(byte[] expected, WalIndexHeader at)
    {
        var actual = Image.Bytes;
        if (actual.SequenceEqual(expected))
        {
            return;
        }

        var pages = new List<long>();
        for (var start = 0; start < Math.Min(expected.Length, actual.Length); start += Image.PageSize)
        {
            if (!actual.Slice(start, Image.PageSize).SequenceEqual(expected.AsSpan(start, Image.PageSize)))
            {
                pages.Add((start / Image.PageSize) + 1);
            }
        }

        throw new ImageMismatchException(
            $"At {Image.Position} (salts {at.Salts}, frame {at.MaxFrame}) the shadow is {actual.Length} bytes, the database {expected.Length}; "
            + $"{pages.Count} pages differ: {string.Join(", ", pages.Take(20))}");
    }

    private void Note()
    {
        if (Sync.State is { } state && state.Generation != _known)
        {
            _known = state.Generation;
            _reasons.Add(state.Reason);
        }
    }
}
