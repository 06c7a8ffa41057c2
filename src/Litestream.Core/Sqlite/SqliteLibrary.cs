using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Litestream.Sqlite;

/// <summary>
/// The one SQLite of this process: the library that the application's own connections use. Two copies of SQLite on one
/// file drop each other's locks and lose commits, so nothing is ever loaded beside it; what SQLitePCLRaw does not wrap
/// is taken from the very image it loaded. Thread-safe.
/// </summary>
internal static unsafe class SqliteLibrary
{
    private const string Remedy =
        "Reference SQLitePCLRaw.bundle_e_sqlite3 2.1.13 or newer, or bring a SQLite of at least 3.51.3 for the provider in use.";

    // Guards the fields below while they are written, once. Nothing else is locked inside.
    private static readonly Lock Gate = new();

    // The address of the image's sourceid string; null until the library has been found sound. Written last.
    private static volatile nint s_sourceId;
    private static delegate* unmanaged[Cdecl]<nint, byte*, int, void*, int> s_fileControl;
    private static delegate* unmanaged[Cdecl]<nint, byte*, void**, int> s_snapshotGet;
    private static delegate* unmanaged[Cdecl]<void*, void> s_snapshotFree;

    /// <summary>
    /// Makes the library ready, once; later calls are cheap. An application's own choice of a SQLitePCLRaw provider is
    /// respected; only where it made none, the bundled e_sqlite3 is set up.
    /// </summary>
    /// <exception cref="LitestreamException">
    /// No SQLite was found, it is too old to be checkpointed safely, or it is not the image that SQLitePCLRaw calls.
    /// </exception>
    public static void EnsureReady()
    {
        if (s_sourceId == 0)
        {
            lock (Gate)
            {
                if (s_sourceId == 0)
                {
                    Load();
                }
            }
        }

        if (SourceIdOfProvider() != s_sourceId)
        {
            throw new LitestreamException(
                "SQLitePCL.raw.SetProvider was called with another SQLite after Litestream had started with the first. "
                + "Two SQLite libraries in one process corrupt a database that both open. Choose the provider at start-up.");
        }
    }

    /// <summary>
    /// True for a SQLite without the WAL-reset race (3.7.0 to 3.51.2), in which a checkpoint by one connection while
    /// another resets the WAL corrupts the database: 3.51.3, or the backports 3.44.6 and 3.50.7.
    /// </summary>
    /// <param name="versionNumber">What <c>sqlite3_libversion_number()</c> says, for example 3051003.</param>
    public static bool HasWalResetFix(int versionNumber) => versionNumber switch
    {
        >= 3_051_003 => true,
        >= 3_050_007 and < 3_051_000 => true,
        >= 3_044_006 and < 3_045_000 => true,
        _ => false,
    };

    /// <summary>Calls <c>sqlite3_file_control</c> on the main database of a connection.</summary>
    public static int FileControl(sqlite3 db, int op, void* arg)
    {
        fixed (byte* main = "main"u8)
        {
            var rc = s_fileControl(db.DangerousGetHandle(), main, op, arg);
            GC.KeepAlive(db);
            return rc;
        }
    }

    /// <summary>Copies the WAL-index header that the open transaction of a connection reads by.</summary>
    /// <returns>False if SQLite refuses (its WAL is empty) or was built without snapshots.</returns>
    public static bool TryGetSnapshot(sqlite3 db, Span<byte> header)
    {
        if (s_snapshotGet == null || s_snapshotFree == null)
        {
            return false;
        }

        void* snapshot = null;
        fixed (byte* main = "main"u8)
        {
            var rc = s_snapshotGet(db.DangerousGetHandle(), main, &snapshot);
            GC.KeepAlive(db);
            if (rc != raw.SQLITE_OK || snapshot == null)
            {
                return false;
            }
        }

        new ReadOnlySpan<byte>(snapshot, header.Length).CopyTo(header);
        s_snapshotFree(snapshot);
        return true;
    }

    private static void Load()
    {
        string name;
        try
        {
            name = NameOfProvider();
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException)
        {
            throw new LitestreamException($"The SQLite library could not be loaded: {e.Message} {Remedy}", e);
        }

        var version = raw.sqlite3_libversion_number();
        if (!HasWalResetFix(version))
        {
            throw new LitestreamException(
                $"The SQLite in use is {raw.sqlite3_libversion().utf8_to_string()} (provider '{name}'). Litestream needs "
                + "3.51.3, or the backports 3.44.6 or 3.50.7: before them a checkpoint can corrupt the database while "
                + $"another connection resets the WAL. {Remedy}");
        }

        if (raw.sqlite3_threadsafe() == 0)
        {
            throw new LitestreamException(
                $"The SQLite in use (provider '{name}') was compiled for a single thread (SQLITE_THREADSAFE=0). {Remedy}");
        }

        var image = name == "__Internal"
            ? NativeLibrary.GetMainProgramHandle()
            : NativeLibrary.Load(name, typeof(raw).Assembly, null);
        var sourceId = (delegate* unmanaged[Cdecl]<nint>)NativeLibrary.GetExport(image, "sqlite3_sourceid");
        var address = sourceId();
        if (address != SourceIdOfProvider())
        {
            throw new LitestreamException(
                $"The library found under the name '{name}' is not the one that SQLitePCLRaw calls. Two SQLite libraries "
                + $"in one process corrupt a database that both open. {Remedy}");
        }

        s_fileControl = (delegate* unmanaged[Cdecl]<nint, byte*, int, void*, int>)NativeLibrary.GetExport(image, "sqlite3_file_control");
        if (NativeLibrary.TryGetExport(image, "sqlite3_snapshot_get", out var get)
            && NativeLibrary.TryGetExport(image, "sqlite3_snapshot_free", out var free))
        {
            s_snapshotGet = (delegate* unmanaged[Cdecl]<nint, byte*, void**, int>)get;
            s_snapshotFree = (delegate* unmanaged[Cdecl]<void*, void>)free;
        }

        s_sourceId = address;
    }

    private static nint SourceIdOfProvider()
    {
        fixed (byte* address = raw.sqlite3_sourceid())
        {
            return (nint)address;
        }
    }

    private static string NameOfProvider()
    {
        try
        {
            return raw.GetNativeLibraryName();
        }
        catch (Exception e) when (e is not (DllNotFoundException or TypeInitializationException or BadImageFormatException))
        {
            // raw says that no provider is set by throwing a bare Exception, and offers no other way to ask.
        }

        try
        {
            SetUpBundle();
        }
        catch (Exception e) when (e is FileNotFoundException or TypeLoadException)
        {
            throw new LitestreamException(
                "No SQLite provider is set: SQLitePCLRaw.bundle_e_sqlite3 is excluded from this application, and it has "
                + "not called SQLitePCL.raw.SetProvider(...) before Litestream started.",
                e);
        }

        return raw.GetNativeLibraryName();
    }

    // Apart, so that an application that excludes the bundle fails here, where it is caught, and not when a caller is compiled.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SetUpBundle() => Batteries_V2.Init();
}
