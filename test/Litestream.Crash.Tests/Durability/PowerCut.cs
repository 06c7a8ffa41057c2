using System.Globalization;

namespace Litestream.Crash.Durability;

/// <summary>
/// The files below a folder as a disk has them when the power goes: made anew from the system calls up to a moment. What a
/// file was given and not synced, and names in a folder that was not synced, may or may not be there.
/// </summary>
internal sealed class PowerCut(string root)
{
    // Null: a folder.
    private readonly Dictionary<string, CutFile?> _names = new() { [root] = null };
    private readonly Dictionary<string, CutFile?> _durableNames = new() { [root] = null };
    private readonly Dictionary<string, List<Action<Dictionary<string, CutFile?>>>> _pendingNames = [];

    public void Apply(SystemCall call)
    {
        switch (call.Name)
        {
            case "mkdir" or "mkdirat" when IsBelow(call.Paths[0]):
                Give(call.Paths[0], null);
                break;
            case "openat" when IsBelow(call.Paths[0]):
                Open(call);
                break;
            case "link" or "linkat" when IsBelow(call.Paths[1]):
                Give(call.Paths[1], _names[call.Paths[0]]);
                break;
            case "rename" or "renameat" or "renameat2" when IsBelow(call.Paths[1]):
                Move(call.Paths[0], call.Paths[1]);
                break;
            case "unlink" or "unlinkat" or "rmdir" when IsBelow(call.Paths[0]):
                Take(call.Paths[0]);
                break;
            case "pwrite64" when FileOf(call) is { } file:
                file.Write(WrittenData.Of(call), call.End);
                break;
            case "ftruncate" when FileOf(call) is { } file:
                file.SetLength(long.Parse(call.Arguments[(call.Arguments.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture), call.End);
                break;
            case "write" or "writev" or "pwritev" or "fallocate" or "copy_file_range" when FileOf(call) is not null:
                throw new InvalidOperationException($"{call.Name} is not foreseen here: {call.Arguments[..Math.Min(200, call.Arguments.Length)]}");
            case "fsync" or "fdatasync" when call.Handle == root || IsBelow(call.Handle):
                Sync(call);
                break;
        }
    }

    /// <summary>Writes what is left into another folder, also what lies in some folders whole, as on another machine.</summary>
    public void Leave(string target, Random random, string? unharmed)
    {
        var names = new Dictionary<string, CutFile?>(_durableNames);
        foreach (var pending in _pendingNames.Values)
        {
            foreach (var change in pending.Take(random.Next(pending.Count + 1)))
            {
                change(names);
            }
        }

        if (unharmed is not null)
        {
            names = names.Where(pair => !IsIn(pair.Key, unharmed)).Concat(_names.Where(pair => IsIn(pair.Key, unharmed))).ToDictionary();
        }

        foreach (var (name, file) in names.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var path = target + name[root.Length..];
            if (file is null)
            {
                if (Directory.Exists(Path.GetDirectoryName(path)) || name == root)
                {
                    Directory.CreateDirectory(path);
                }
            }
            else if (Directory.Exists(Path.GetDirectoryName(path)) && !name.EndsWith("-shm", StringComparison.Ordinal))
            {
                File.WriteAllBytes(path, unharmed is not null && IsIn(name, unharmed) ? file.Whole() : file.Cut(random));
            }
        }
    }

    private static bool IsIn(string name, string folder) => name == folder || name.StartsWith(folder + "/", StringComparison.Ordinal);

    private bool IsBelow(string path) => path.StartsWith(root + "/", StringComparison.Ordinal);

    private CutFile? FileOf(SystemCall call) => _names.GetValueOrDefault(call.Handle);

    private void Open(SystemCall call)
    {
        var path = call.Paths[0];
        if (call.Arguments.Contains("O_CREAT", StringComparison.Ordinal) && !_names.ContainsKey(path))
        {
            Give(path, new CutFile());
        }
        else if (call.Arguments.Contains("O_TRUNC", StringComparison.Ordinal))
        {
            _names[path]!.SetLength(0, call.End);
        }
    }

    private void Give(string name, CutFile? file)
    {
        _names[name] = file;
        Pending(name).Add(names => names[name] = file);
    }

    private void Take(string name)
    {
        _names.Remove(name);
        Pending(name).Add(names => names.Remove(name));
    }

    private void Move(string from, string to)
    {
        var file = _names[from];
        _names.Remove(from);
        _names[to] = file;
        Pending(to).Add(names =>
        {
            names.Remove(from);
            names[to] = file;
        });
    }

    private void Sync(SystemCall call)
    {
        if (FileOf(call) is { } file)
        {
            file.Sync(call.Start);
        }
        else if (_pendingNames.Remove(call.Handle, out var pending))
        {
            pending.ForEach(change => change(_durableNames));
        }
    }

    private List<Action<Dictionary<string, CutFile?>>> Pending(string name)
    {
        var folder = Path.GetDirectoryName(name)!;
        if (!_pendingNames.TryGetValue(folder, out var pending))
        {
            _pendingNames[folder] = pending = [];
        }

        return pending;
    }
}
