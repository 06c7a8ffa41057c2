using System.Runtime.InteropServices;

namespace Litestream.Sqlite;

/// <summary><c>sqlite3_io_methods</c>, in SQLite's order. From ShmMap on only if <see cref="Version"/> is at least 2.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeFileMethods
{
    public int Version;
    public nint Close;
    public delegate* unmanaged[Cdecl]<NativeFile*, void*, int, long, int> Read;
    public nint Write;
    public nint Truncate;
    public delegate* unmanaged[Cdecl]<NativeFile*, int, int> Sync;
    public delegate* unmanaged[Cdecl]<NativeFile*, long*, int> FileSize;
    public nint Lock;
    public nint Unlock;
    public nint CheckReservedLock;
    public nint FileControl;
    public nint SectorSize;
    public nint DeviceCharacteristics;
    public delegate* unmanaged[Cdecl]<NativeFile*, int, int, int, void**, int> ShmMap;
}
