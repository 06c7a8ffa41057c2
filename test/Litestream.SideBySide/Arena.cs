using Litestream.Testing;

namespace Litestream.SideBySide;

/// <summary>One program in one ordeal: the application, the program, and the replica, in a folder of their own.</summary>
internal sealed class Arena : IAsyncDisposable
{
    private readonly TempDirectory _folder = new();
    private int _due = -1;

    public Arena(Contestant contestant, int seed)
    {
        Contestant = contestant;
        Replica = File("replica");
        Bank = new Bank(Database, seed);
    }

    public Contestant Contestant { get; }

    public Bank Bank { get; }

    public string Database => File("app/bank.db");

    public string Replica { get; private set; }

    public ReplicaFiles Files => new(Replica);

    /// <summary>How many transfers a restore has to show: all, unless the ordeal says otherwise.</summary>
    public int Due
    {
        get => _due < 0 ? Bank.History.Count : _due;
        set => _due = value;
    }

    public string File(string name)
    {
        var path = _folder.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>Transfers, and what they changed goes to the replica: so many times.</summary>
    public async Task RoundsAsync(int rounds, int transfers = 10)
    {
        for (var i = 0; i < rounds; i++)
        {
            Bank.Transfer(transfers);
            if (!await Contestant.UploadAsync(this))
            {
                return;
            }
        }
    }

    /// <summary>The application's folder as it is now. Nothing has it open.</summary>
    public string CopyOfVolume()
    {
        var copy = File($"volume-{Guid.NewGuid():n}");
        Folders.Copy(Path.GetDirectoryName(Database)!, copy);
        return copy;
    }

    /// <summary>Puts a copy in place of what is there.</summary>
    public void PutBackVolume(string copy)
    {
        var volume = Path.GetDirectoryName(Database)!;
        Directory.Delete(volume, recursive: true);
        Folders.Copy(copy, volume);
    }

    /// <summary>From here on the replica is a fresh copy of the first one, to be damaged.</summary>
    public void UseCopyOfReplica()
    {
        var copy = File($"replica-{Guid.NewGuid():n}");
        Folders.Copy(File("replica"), copy);
        Replica = copy;
    }

    public async ValueTask DisposeAsync()
    {
        Bank.Dispose();
        await Contestant.DisposeAsync();
        _folder.Dispose();
    }
}
