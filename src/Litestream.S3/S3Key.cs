namespace Litestream.S3;

/// <summary>What is a key below a replica's root, and what a prefix of one (see <see cref="IReplicaClient"/>).</summary>
internal static class S3Key
{
    /// <summary>Throws for what is no key.</summary>
    public static void Check(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!IsKey(key))
        {
            throw new ArgumentException("A key has parts separated by '/', none of them empty, '.' or '..'.", nameof(key));
        }
    }

    /// <summary>Throws for a prefix that no key has.</summary>
    public static void CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);

        // The last part may be the beginning of one.
        var parts = prefix.Split('/');
        for (var i = 0; i < parts.Length - 1; i++)
        {
            if (parts[i] is "" or "." or "..")
            {
                throw new ArgumentException("No key begins with this prefix: a part of it is empty, '.' or '..'.", nameof(prefix));
            }
        }
    }

    /// <summary>Throws for what is neither empty nor a path ending in a slash.</summary>
    public static void CheckFolderPrefix(string prefix)
    {
        CheckPrefix(prefix);
        if (prefix.Length > 0 && !prefix.EndsWith('/'))
        {
            throw new ArgumentException("The prefix must be empty or end in '/'.", nameof(prefix));
        }
    }

    /// <summary>False for what others may have put into the bucket and no client of ours could name: folder markers, double slashes.</summary>
    public static bool IsKey(string key)
    {
        foreach (var part in key.Split('/'))
        {
            if (part is "" or "." or "..")
            {
                return false;
            }
        }

        return true;
    }
}
