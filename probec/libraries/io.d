/* Block devices and files: what the arguments of the io provider are given as. */
typedef struct bufinfo {
	int b_flags;		/* B_* */
	size_t b_bcount;	/* bytes */
	caddr_t b_addr;
	uint64_t b_lblkno;	/* block, within the file */
	uint64_t b_blkno;	/* block, within the device */
	size_t b_resid;		/* bytes not done */
	size_t b_bufsize;
	uintptr_t b_iodone;
	int b_error;
	dev_t b_edev;
} bufinfo_t;

inline int B_WRITE = 0x000001;
inline int B_READ = 0x000002;
inline int B_PHYS = 0x000004;
inline int B_PAGEIO = 0x000010;
inline int B_ASYNC = 0x000100;

typedef struct devinfo {
	int dev_major;
	int dev_minor;
	int dev_instance;
	string dev_name;
	string dev_statname;
	string dev_pathname;
} devinfo_t;

typedef struct fileinfo {
	string fi_name;
	string fi_dirname;
	string fi_pathname;
	loff_t fi_offset;
	string fi_fs;		/* the file system's type */
	string fi_mount;
	int fi_oflags;		/* O_* */
} fileinfo_t;

translator devinfo_t < dev_t device > {
	dev_major = getmajor(device);
	dev_minor = getminor(device);
	dev_instance = 0;
	dev_name = "";
	dev_statname = "";
	dev_pathname = "";
};

/* A path that a script has: fi_name and fi_dirname are its parts. */
translator fileinfo_t < string path > {
	fi_name = basename(path);
	fi_dirname = dirname(path);
	fi_pathname = path;
	fi_offset = 0;
	fi_fs = "";
	fi_mount = "";
	fi_oflags = 0;
};
